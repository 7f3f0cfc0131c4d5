import type { Recipe } from '../recipe.ts';
import { dirl } from './dirl.ts';
import { SMALL } from './scale.ts';

/**
 * TraceRL (arXiv 2509.06949, dLLM-RL 10b4fd1), without its critic. Published scale: 64 prompts × 16 responses of up to
 * 2000 tokens, learning rate 1e-6. Its shrinking needs a grid of blocks: `replayer: shrink` with the number of steps that
 * are merged; without merging it is the exact replay.
 */
export const tracerl: Recipe = {
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: SMALL.groupSize,
  decode: dirl.decode, // threshold 0.9 as there
  replay: {
    replayer: 'exact', // shrink 1
    likelihood: 'model', // code: plain softmax
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: false,
  },
  rewards: [{ term: 'correct', weight: 1, gate: 'always', normaliser: 'none' }], // code: 0 or 1
  advantage: { baseline: 'group-z' }, // code
  filter: {
    drop: ['accuracy'],
    accuracy: [0.2, 0.8], // code
    tpfSpread: 0,
    mostDraws: 4, // ours
  },
  objective: {
    ratio: 'token', // code
    clipLow: 0.2, // code
    clipHigh: 0.2, // code
    reduction: 'constant', // code: Σ ÷ fixed response length ÷ batch
    constantLength: SMALL.maxTokens, // code: the length limit
    kl: { estimator: 'k3', to: 'old', weight: 0.01, reduction: 'constant' }, // code: ~0 while on-policy
    innerIterations: 1,
  },
  optimizer: { ...dirl.optimizer, schedule: 'cosine' }, // code
};
