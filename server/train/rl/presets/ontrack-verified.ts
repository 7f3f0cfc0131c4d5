import type { Recipe } from '../recipe.ts';
import { jazbec } from './jazbec.ts';
import { ontrack } from './ontrack.ts';

/**
 * The same for models whose clean rows verify, such as the embedded one, whose threshold rule hardly ever writes what
 * passes: the expert proposes whole windows, and the policy learns which of the proposals stood.
 */
export const ontrackVerified: Recipe = {
  ...ontrack,
  policy: { ...jazbec.policy!, experts: { count: 1, decode: { mode: 'verified', threshold: 0 } } },
};
