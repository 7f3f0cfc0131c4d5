import type { Recipe } from '../recipe.ts';
import { lightningrl } from './lightningrl.ts';

/**
 * LightningRL for models whose clean rows verify proposals, such as the embedded one: by threshold alone it hardly writes
 * programs that parse. The speed that is rewarded is that of proposals that stand. What is not named here is the paper's;
 * what is was measured on the embedded model (docs/experiments.md).
 */
export const lightningrlVerified: Recipe = {
  ...lightningrl,
  decode: {
    ...lightningrl.decode,
    mode: 'verified',
    threshold: 0.3, // the mode's own, see server/decode/settings.ts
    temperature: 0.5, // solves a quarter of the easiest tasks; 0.8 a fifteenth
  },
  replay: { ...lightningrl.replay, replayer: 'verified' },
  rewards: [
    { term: 'plus-minus', weight: 1, gate: 'always', normaliser: 'none' },
    // Among successes only: where most responses are wrong, a speed that counts in all of them is learned in their place.
    { term: 'tpf', weight: 0.5, gate: 'correct', normaliser: 'z' },
  ],
  optimizer: { ...lightningrl.optimizer, learningRate: 2e-4 },
};
