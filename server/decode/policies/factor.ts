import { byConfidence, confidenceOf, type Policy } from './policy.ts';

const DEFAULT_FACTOR = 1;

/** Fast-dLLM's factor rule, see `factorCount`. */
export const factor: Policy = (choices, least, { factor: f = DEFAULT_FACTOR }) => {
  const ranked = byConfidence(choices);
  return ranked.slice(0, Math.max(least, factorCount(ranked.map(confidenceOf), f)));
};

/**
 * How many of the positions with these falling confidences the factor rule reveals: the first ones, as long as the n-th
 * has at least 1 − f / (n + 1); the best has no condition. The published code also reveals a position that fails as the
 * last masked one, which is not copied.
 */
export function factorCount(confidences: readonly number[], f: number): number {
  const failing = confidences.findIndex((confidence, i) => i > 0 && confidence < 1 - f / (i + 2));
  return failing < 0 ? confidences.length : failing;
}
