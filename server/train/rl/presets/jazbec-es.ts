import type { Recipe } from '../recipe.ts';
import { jazbec } from './jazbec.ts';

/**
 * The same with expert steering (paper): beside its own responses every group has one of a threshold rule, whose steps
 * count as those of a mixture.
 */
export const jazbecEs: Recipe = {
  ...jazbec,
  groupSize: 9, // 8 and the expert's
  policy: {
    ...jazbec.policy!,
    experts: { count: 1, decode: { policy: 'dynamic', threshold: 0.9 } }, // paper: Fast-dLLM's thresholds
  },
};
