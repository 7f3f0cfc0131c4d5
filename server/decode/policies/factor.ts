import { byConfidence, confidenceOf, type Policy } from './policy.ts';

const DEFAULT_FACTOR = 1;

/**
 * Fast-dLLM's factor rule: by falling confidence, as long as the n-th best has at least 1 − f / (n + 1); the best has no
 * condition. The published code also reveals a position that fails as the last masked one, which is not copied.
 */
export const factor: Policy = (choices, least, { factor: f = DEFAULT_FACTOR }) => {
  const ranked = byConfidence(choices);
  const failing = ranked.findIndex((choice, i) => i > 0 && confidenceOf(choice) < 1 - f / (i + 2));
  return ranked.slice(0, Math.max(least, failing < 0 ? ranked.length : failing));
};
