import type { DecodeSettings } from '../../protocol.ts';
import { probabilityOf } from '../distribution.ts';
import type { Choice } from '../recorder.ts';

/**
 * Which of the choices for the masked positions of a window a step reveals: `least` of them or more, 1 ≤ least ≤
 * choices.length. The choices come by rising position; between equals the left one goes first.
 */
export type Policy = (choices: readonly Choice[], least: number, settings: DecodeSettings) => Choice[];

/**
 * Positions that step `step` (from 0) of a window of `size` reveals at least, of `steps` steps: ⌊size / steps⌋, one more
 * in the first size mod steps of them, and never none.
 */
export function leastRevealed(size: number, steps: number, step: number): number {
  return Math.max(1, Math.floor(size / steps) + (step < size % steps ? 1 : 0));
}

/** Probability of the chosen token under the distribution that it was chosen from. */
export function confidenceOf({ distribution, id }: Choice): number {
  return probabilityOf(distribution, id);
}

/** The choices by falling confidence. */
export function byConfidence(choices: readonly Choice[]): Choice[] {
  return choices.toSorted((a, b) => confidenceOf(b) - confidenceOf(a));
}
