import type { Step } from '../protocol.ts';
import { type TerminalStyle, visible } from './style.ts';

/** What a position looks like. Each state differs by a mark as well as by colour. */
const STATES = {
  masked: { mark: () => '░', colour: 90 },
  new: { mark: (text: string) => `[${text}]`, colour: 92 },
  old: { mark: (text: string) => text, colour: 39 },
} as const;

/** Explains the marks. */
export const LEGEND = '░ masked   [token] just revealed   token revealed earlier   ↶ taken back';

interface Position {
  text: string;
  state: keyof typeof STATES;
}

/** Draws a completion as it is unmasked: one line of text for every step, in order. */
export class UnmaskingView {
  private readonly style: TerminalStyle;
  private positions: Position[] = [];

  constructor(style: TerminalStyle) {
    this.style = style;
  }

  /** The line of the next step, without a line feed. */
  line(step: Step): string {
    this.apply(step);
    const head = `${String(step.index + 1).padStart(3)} ${step.milliseconds.toFixed(1).padStart(6)} ms │ `;
    const tail = step.rolledBack.length > 0 ? ` ↶${step.rolledBack.length}` : '';
    return head + this.draw(this.style.columns - head.length - tail.length) + tail;
  }

  private apply(step: Step): void {
    for (const position of this.positions) {
      if (position.state === 'new') position.state = 'old';
    }
    // Nothing beyond the window outlives a step: what was not settled is masked again.
    this.positions.length = Math.min(
      this.positions.length,
      Math.max(0, step.windowStart + step.window.length),
    );
    for (const at of step.rolledBack) this.set(at, { text: '', state: 'masked' });
    for (let i = 0; i < step.window.length; i++) {
      if (step.window[i] === null) this.set(step.windowStart + i, { text: '', state: 'masked' });
    }
    for (const { position, text, id } of step.revealed) {
      this.set(position, { text: text === '' ? `⟨${id}⟩` : visible(text), state: 'new' });
    }
  }

  private set(at: number, position: Position): void {
    // Positions before the response belong to the prompt.
    if (at < 0) return;
    while (this.positions.length < at) this.positions.push({ text: '', state: 'masked' });
    this.positions[at] = position;
  }

  /** As many positions from the end as fit. */
  private draw(columns: number): string {
    let room = columns;
    let text = '';
    for (const { text: token, state } of this.positions.toReversed()) {
      const mark = STATES[state].mark(token);
      room -= [...mark].length;
      if (room < 1) return `…${text}`;
      text = this.paint(mark, STATES[state].colour) + text;
    }
    return text;
  }

  private paint(text: string, colour: number): string {
    return this.style.colour ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }
}
