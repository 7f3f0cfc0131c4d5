import type { Recipe } from '../recipe.ts';
import { lightningrl } from './lightningrl.ts';

/**
 * LightningRL as its code has it (configs/lightningrl.yaml and the trainer at e4d7d29): the likelihood is estimated with
 * every block masked as a whole, correctness is normalised too, and prompts that are left out are not replaced.
 */
export const lightningrlReleased: Recipe = {
  ...lightningrl,
  replay: {
    ...lightningrl.replay,
    replayer: 'block-onestep', // code: one forward a response
    likelihood: 'model', // code: log-softmax at temperature 1, no top-k
  },
  rewards: [
    { term: 'correct', weight: 1, gate: 'always', normaliser: 'z' }, // yaml: acc_norm true
    { term: 'tpf', weight: 1, gate: 'always', normaliser: 'z' }, // yaml: tpf_norm z_score
  ],
  filter: { ...lightningrl.filter, mostDraws: 1 }, // yaml: no resampling
};
