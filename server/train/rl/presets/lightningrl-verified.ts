import type { Recipe } from '../recipe.ts';
import { lightningrl } from './lightningrl.ts';

/**
 * LightningRL for models whose clean rows verify proposals, such as the embedded one: by threshold alone it hardly writes
 * programs that parse. The speed that is rewarded is that of proposals that stand. What is not named here is the paper's.
 */
export const lightningrlVerified: Recipe = {
  ...lightningrl,
  decode: {
    ...lightningrl.decode,
    mode: 'verified',
    threshold: 0.3, // the mode's own, see server/decode/settings.ts
    temperature: 0.8, // at which some of the easy tasks are solved
  },
  replay: { ...lightningrl.replay, replayer: 'verified' },
};
