import type { Recipe } from '../recipe.ts';
import { dirl } from './dirl.ts';
import { SMALL } from './scale.ts';

/**
 * d1's diffu-GRPO (arXiv 2504.12216, code 837888f), for models that attend in both directions. Published scale: 6
 * responses of 256 tokens, adapters of rank 128 and alpha 64, learning rate 3e-6. There the reference is the model of at
 * most 64 steps ago; here it is the one before the run.
 */
export const d1: Recipe = {
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: 6, // code
  decode: { ...dirl.decode, mode: 'threshold' },
  replay: {
    replayer: 'full-onestep', // paper, section 3
    likelihood: 'model', // code
    shrink: 1,
    promptMask: 0.15, // code
    scoreAfterEnd: false,
  },
  rewards: [{ term: 'correct', weight: 1, gate: 'always', normaliser: 'none' }],
  advantage: { baseline: 'group-centre' }, // code: r − mean
  filter: { drop: ['equal-rewards'], tpfSpread: 0, mostDraws: 1 }, // such groups have no advantage
  objective: {
    ratio: 'token', // code
    clipLow: 0.5, // code
    clipHigh: 0.5, // code
    reduction: 'token', // code: Σ ÷ Σ mask
    kl: { estimator: 'k3', to: 'reference', weight: 0.04, reduction: 'token' }, // code
    innerIterations: 12, // code, each with a mask of its own
  },
  optimizer: dirl.optimizer,
};
