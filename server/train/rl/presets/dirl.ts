import type { Recipe } from '../recipe.ts';
import { SMALL } from './scale.ts';

/**
 * DiRL (arXiv 2512.22234, code ec4bfb3): supervised fine-tuning, then DiPO, in the variant of its DAPO script. Published
 * scale: 128 prompts × 8 responses of up to 2048 tokens (paper: 32 of 8192), 8B, learning rate 1e-6.
 */
export const dirl: Recipe = {
  after: 'sdar', // paper: stage one
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: SMALL.groupSize, // script: 8
  decode: {
    mode: 'threshold',
    threshold: 0.9, // script
    temperature: 1, // script
    topK: 50, // script
    maxTokens: SMALL.maxTokens,
  },
  replay: {
    replayer: 'exact', // paper: DiPO's rounds, which hold the same states
    likelihood: 'behaviour', // code: all tokens, though 50 were sampled from
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: true, // code: the end of the last block is trained on
  },
  rewards: [{ term: 'correct', weight: 1, gate: 'always', normaliser: 'none' }], // script: accuracy
  advantage: { baseline: 'group-z' }, // code
  filter: {
    drop: ['all-wrong', 'all-right'], // code: 0 < mean < 1
    tpfSpread: 0,
    mostDraws: 6, // code: oversampling of GSM8K
  },
  objective: {
    ratio: 'token', // paper, eq. 6
    clipLow: 0.2, // script
    clipHigh: 0.28, // code: 0.08 more, as DAPO
    reduction: 'token', // DAPO
    innerIterations: 1, // script; no divergence: β = 0
  },
  optimizer: {
    learningRate: SMALL.learningRate,
    schedule: 'constant', // script
    warmupSteps: 10, // script
    beta1: 0.9, // AdamW's defaults, as the script leaves them
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: 1, // script
  },
};
