import { entropyOf } from '../distribution.ts';
import type { Policy } from './policy.ts';

const DEFAULT_BOUND = 0.35;

/** SDAR's entropy_bounded: by rising entropy, as long as the sum of all taken stays under the bound. */
export const entropy: Policy = (choices, least, { entropyBound = DEFAULT_BOUND }) => {
  const ranked = choices
    .map((choice) => ({ choice, entropy: entropyOf(choice.distribution) }))
    .sort((a, b) => a.entropy - b.entropy);
  let sum = 0;
  const excess = ranked.findIndex((candidate) => {
    sum += candidate.entropy;
    return sum >= entropyBound;
  });
  const within = excess < 0 ? ranked.length : excess;
  return ranked.slice(0, Math.max(least, within)).map(({ choice }) => choice);
};
