import type { Recipe } from '../recipe.ts';
import { lightningrl } from './lightningrl.ts';

/** The baseline of LightningRL's tables: GRPO on the tokens in their decoding contexts, correctness alone. */
export const grpoTrajectory: Recipe = {
  ...lightningrl,
  rewards: [{ term: 'correct', weight: 1, gate: 'always', normaliser: 'none' }],
  advantage: { baseline: 'group-z' }, // GRPO (arXiv 2402.03300), eq. 3
  filter: { ...lightningrl.filter, drop: ['all-wrong', 'all-right'], mostDraws: 1 }, // others have no advantage
  objective: {
    ratio: 'token', // GRPO
    clipLow: 0.2, // LightningRL's yaml, which has one for all methods
    clipHigh: 0.2,
    reduction: 'response-mean', // GRPO, eq. 3
    kl: { estimator: 'k3', to: 'reference', weight: 0.01, reduction: 'response-mean' }, // weight: the same yaml
    innerIterations: 1,
  },
};
