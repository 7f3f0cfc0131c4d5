import { byConfidence, confidenceOf, type Policy } from './policy.ts';

/**
 * SDAR's low_confidence_dynamic, the rule of threshold decoding: everything at least as probable as the threshold; the
 * `least` most probable where those are fewer.
 */
export const dynamic: Policy = (choices, least, { threshold }) => {
  const confident = choices.filter((choice) => confidenceOf(choice) >= threshold);
  return confident.length >= least ? confident : byConfidence(choices).slice(0, least);
};
