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
}

/** log σ(x) and log(1 − σ(x)), finite for every finite x. */
export function logSigmoid(x: number): number {
  return Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x)));
}

/** Place of the largest logit, the first of equal ones. */
export function bestPlace(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}
