import type { Recipe } from '../recipe.ts';
import { SMALL } from './scale.ts';

/**
 * LightningRL as its paper has it (arXiv 2603.13319, ICML 2026); numbers that the paper leaves out are those of its
 * configs/lightningrl.yaml. Published scale: 128 prompts × 32 responses of up to 8192 tokens, 8B, learning rate 1e-6.
 */
export const lightningrl: Recipe = {
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: SMALL.groupSize,
  decode: {
    mode: 'threshold',
    threshold: 0.9, // rollout: dynamic threshold
    temperature: 1, // rollout
    topK: 50, // published: all tokens, of which these hold nearly everything
    maxTokens: SMALL.maxTokens,
  },
  replay: {
    replayer: 'exact', // paper: sets M of the trace
    likelihood: 'behaviour', // the same as the model's at temperature 1
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: false, // code: tokens after the first end are left out
  },
  rewards: [
    { term: 'plus-minus', weight: 1, gate: 'always', normaliser: 'none' }, // paper: accuracy stays ±1
    { term: 'tpf', weight: 1, gate: 'always', normaliser: 'z' }, // paper: decoupled, within the group
  ],
  advantage: { baseline: 'batch-z' }, // paper
  filter: {
    drop: ['all-wrong', 'tpf-spread'], // paper
    tpfSpread: 0.01, // yaml
    mostDraws: 4, // paper: until the batch is full; the bound is ours
  },
  objective: {
    ratio: 'token', // paper, eq. 3
    clipLow: 0.2, // yaml
    clipHigh: 0.2, // yaml
    reduction: 'response-mean', // paper's ablation: Seq-Tok-Tok is best
    kl: { estimator: 'k3', to: 'reference', weight: 0.01, reduction: 'token' }, // yaml; ablation
    nll: { weight: 0.1, reduction: 'token' }, // yaml; ablation
    innerIterations: 1, // yaml: one epoch an iteration
  },
  optimizer: {
    learningRate: SMALL.learningRate,
    schedule: 'constant', // yaml
    warmupSteps: 10, // yaml
    beta1: 0.9, // yaml
    beta2: 0.999, // yaml
    epsilon: 1e-8, // yaml
    weightDecay: 0, // yaml
    clip: 1, // yaml
  },
};
