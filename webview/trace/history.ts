import type { Reveal, Step } from '../../server/protocol.ts';

/** `absent`: the window has not reached the position yet. */
export type CellState = 'absent' | 'masked' | 'new' | 'old' | 'takenBack';

/** A position as it is after some number of steps. */
export interface Cell {
  state: CellState;
  /** The token that stands there; where it was just taken back, the token that stood there. */
  reveal?: Reveal;
}

/** What a step did to a position; without `reveal` it is masked afterwards. */
export interface TokenEvent {
  /** Index of the step. */
  step: number;
  reveal?: Reveal;
  /** The earlier token that verification disagreed with. */
  takenBack?: Reveal;
}

/** What happened to every position of a response, step by step. Grows while a completion is being written. */
export class TraceHistory {
  readonly steps: Step[] = [];
  /** Number of positions that exist after so many steps. */
  private readonly extents: number[] = [0];
  private readonly events: TokenEvent[][] = [];

  /** `length`: tokens of the finished response. What the window still held beyond them goes with the last step. */
  constructor(steps: readonly Step[] = [], length?: number) {
    for (const step of steps) this.append(step);
    if (length !== undefined) this.extents[steps.length] = length;
  }

  append(step: Step): void {
    const at = this.steps.push(step) - 1;
    const end = Math.max(step.settled, step.windowStart + step.window.length);
    this.extents.push(end);
    while (this.events.length < end) this.events.push([]);
    for (const [i, token] of step.window.entries()) {
      if (token === null && this.revealedAt(step.windowStart + i))
        this.add(step.windowStart + i, { step: at });
    }
    for (const position of step.rolledBack) {
      this.add(position, { step: at, takenBack: this.revealedAt(position) });
    }
    for (const reveal of step.revealed) this.add(reveal.position, { step: at, reveal });
  }

  /** Positions that have ever been in a window or in the response. */
  get length(): number {
    return this.events.length;
  }

  /** Everything that happened to a position, in order. */
  eventsOf(position: number): readonly TokenEvent[] {
    return this.events[position] ?? [];
  }

  /** The steps whose verification agreed with the token at a position, and the probability it gave. */
  confirmationsOf(position: number): { step: number; confidence: number }[] {
    return this.steps.flatMap(({ confirmed }, step) =>
      confirmed.filter((each) => each.position === position).map(({ confidence }) => ({ step, confidence })),
    );
  }

  /** What a learned policy made of a position, step by step: the probability of revealing it, and whether it chose to. */
  decisionsOf(position: number): { step: number; probability: number; chosen: boolean }[] {
    return this.steps.flatMap(({ decision }, step) => {
      const place = decision?.eligible.indexOf(position) ?? -1;
      const probability = decision?.probabilities?.[place];
      return probability === undefined
        ? []
        : [{ step, probability, chosen: decision!.chosen.includes(position) }];
    });
  }

  /** The index of the step that fixed the token which stands there in the end; undefined where none does. */
  fixedAt(position: number): number | undefined {
    const last = this.events[position]?.at(-1);
    return last?.reveal && last.step;
  }

  /** The token that stood there last, whether or not it was taken back. */
  lastReveal(position: number): Reveal | undefined {
    return this.events[position]?.findLast(({ reveal }) => reveal)?.reveal;
  }

  /** A position after the first `shown` steps. */
  cell(position: number, shown: number): Cell {
    if (position >= this.extents[shown]) return { state: 'absent' };
    const event = this.events[position].findLast(({ step }) => step < shown);
    const now = event?.step === shown - 1;
    if (event?.reveal) return { state: now ? 'new' : 'old', reveal: event.reveal };
    if (now && event?.takenBack) return { state: 'takenBack', reveal: event.takenBack };
    return { state: 'masked' };
  }

  /** How many of the first `tokens` positions hold a token after the first `shown` steps. */
  revealedCount(shown: number, tokens: number): number {
    let count = 0;
    for (let position = 0; position < Math.min(tokens, this.extents[shown]); position++) {
      if (this.events[position].findLast(({ step }) => step < shown)?.reveal) count++;
    }
    return count;
  }

  private revealedAt(position: number): Reveal | undefined {
    return this.events[position]?.at(-1)?.reveal;
  }

  /** Positions before the response belong to the prompt. A position has one event a step. */
  private add(position: number, event: TokenEvent): void {
    if (position < 0) return;
    const events = this.events[position];
    const last = events.at(-1);
    if (last?.step === event.step) Object.assign(last, event);
    else events.push(event);
  }
}
