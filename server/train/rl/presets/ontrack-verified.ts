import type { Recipe } from '../recipe.ts';
import { jazbec } from './jazbec.ts';
import { ontrack } from './ontrack.ts';

/**
 * A policy that only proposes, for models whose clean rows verify, such as the embedded one: the expert proposes whole
 * windows, and the policy learns which of the proposals stand. What it says is right as it is: nothing need follow.
 */
export const ontrackVerified: Recipe = {
  ...ontrack,
  decode: { ...ontrack.decode, mode: 'verified' },
  policy: { ...jazbec.policy!, experts: { count: 1, decode: { threshold: 0 } } },
};
