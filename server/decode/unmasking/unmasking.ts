import type { Random } from '../random.ts';

/**
 * How a learned policy turns one number for every eligible position, its logit, into what a step reveals. An action lists
 * places in `logits`, in the order in which they were chosen. One a file; index.ts holds the table.
 */
export interface Unmasking {
  /** Draws an action; empty only where the policy may reveal nothing. */
  sample(logits: readonly number[], random: Random): number[];
  /** log-probability that `sample` gives exactly this action; −∞ where it never does. */
  logProb(logits: readonly number[], action: readonly number[]): number;
  /**
   * The same as draws, of which a training graph makes it: Σ of their log-probabilities, each in proportion to exp(logit),
   * the stop item having the logit 0. For actions that `sample` gives; which draws they are may depend on the logits.
   */
  draws(logits: readonly number[], action: readonly number[]): Draw[];
}

/** An item that was drawn among others: places in the logits, or the stop item, undefined. */
export interface Draw {
  among: readonly (number | undefined)[];
  drawn: number | undefined;
}

/** log σ(x) and log(1 − σ(x)), finite for every finite x. */
export function logSigmoid(x: number): number {
  return Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x)));
}

/** Place of the largest logit, the first of equal ones. */
export function bestPlace(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}
