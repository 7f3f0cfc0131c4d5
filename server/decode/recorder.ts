import type { Candidate, Decision, Forwards, Reveal, Step, Tpf } from '../protocol.ts';
import { type Distribution, logProbOf, probabilityOf } from './distribution.ts';
import type { TokenDecoder } from './text.ts';

export type ForwardKind = 'prefill' | Step['kind'];

/** A token chosen for a position, and the distribution it was chosen from. */
export interface Choice {
  /** Counts from the first response token. */
  position: number;
  id: number;
  distribution: Distribution;
  source: Reveal['source'];
  /** The token before it where the sampler head chained them. */
  previous?: number;
}

/** What a decoding mode reports of a step; the recorder adds the rest. */
export type StepReport = Pick<Step, 'kind' | 'windowStart' | 'window' | 'settled'> & {
  revealed?: readonly Choice[];
  /** Proposals that stand, with the clean rows' distributions. */
  confirmed?: readonly Omit<Choice, 'source'>[];
  rolledBack?: number[];
  /** Left out: since its forward began. */
  milliseconds?: number;
};

/** Collects the steps and counts of a trajectory and reports every step as it happens. */
export class Recorder {
  readonly steps: Step[] = [];
  cachedTokens = 0;
  rollbacks = 0;
  private readonly tokenizer: TokenDecoder;
  private readonly candidates: number;
  private readonly onStep: ((step: Step) => void) | undefined;
  private readonly calls: Record<ForwardKind, number> = { prefill: 0, denoise: 0, commit: 0 };
  private readonly started = performance.now();
  private decodeStarted: number | undefined;
  private forwardStarted = 0;
  private decided: Decision | undefined;

  /** `candidates`: how many of a reveal's best tokens are recorded with it. */
  constructor(tokenizer: TokenDecoder, candidates: number, onStep?: (step: Step) => void) {
    this.tokenizer = tokenizer;
    this.candidates = candidates;
    this.onStep = onStep;
  }

  forward(kind: ForwardKind): void {
    this.calls[kind]++;
    this.forwardStarted = performance.now();
    if (kind !== 'prefill') this.decodeStarted ??= this.forwardStarted;
  }

  /** Goes with the next step. */
  decision(decision: Decision): void {
    this.decided = decision;
  }

  step(report: StepReport): void {
    const { revealed = [], confirmed = [], rolledBack = [], ...rest } = report;
    const { milliseconds = performance.now() - this.forwardStarted } = rest;
    if (rolledBack.length > 0) this.rollbacks++;
    const step: Step = {
      ...rest,
      index: this.steps.length,
      revealed: revealed.map((choice) => this.reveal(choice)),
      ...(this.decided && { decision: this.decided }),
      confirmed: confirmed.map(({ position, id, distribution }) => ({
        position,
        confidence: probabilityOf(distribution, id),
        ...(this.candidates > 0 && { candidates: this.best(distribution) }),
      })),
      rolledBack,
      milliseconds,
    };
    this.decided = undefined;
    this.steps.push(step);
    this.onStep?.(step);
  }

  forwards(): Forwards {
    const { prefill, denoise, commit } = this.calls;
    return { prefill, denoise, total: denoise + commit };
  }

  tpf(responseTokens: number): Tpf {
    const { denoise, total } = this.forwards();
    return { denoise: responseTokens / Math.max(1, denoise), total: responseTokens / Math.max(1, total) };
  }

  milliseconds(): { prefill: number; decode: number } {
    const now = performance.now();
    const decodeStarted = this.decodeStarted ?? now;
    return { prefill: decodeStarted - this.started, decode: now - decodeStarted };
  }

  private reveal({ position, id, distribution, source, previous }: Choice): Reveal {
    const logProb = logProbOf(distribution, id);
    const reveal: Reveal = {
      position,
      id,
      text: this.tokenizer.tokenText(id),
      confidence: Math.exp(logProb),
      logProb,
      source,
    };
    if (previous !== undefined) reveal.previous = previous;
    if (this.candidates > 0) reveal.candidates = this.best(distribution);
    return reveal;
  }

  private best(distribution: Distribution): Candidate[] {
    return distribution.ids.slice(0, this.candidates).map((id, i) => ({
      id,
      text: this.tokenizer.tokenText(id),
      probability: Math.exp(distribution.logProbs[i]),
    }));
  }
}
