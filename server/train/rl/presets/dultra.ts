import type { Recipe } from '../recipe.ts';
import { SMALL } from './scale.ts';

/**
 * dUltra (arXiv 2512.21446, code 86e4d09): a planner head and the denoiser, trained together, decide what is revealed and
 * what it says. Begins with a planner of `train sft --preset planner`. Published scale: 12 responses of 128 tokens, blocks
 * of 32, LLaDA-8B, all weights, learning rate 5e-6, 4800 steps.
 */
export const dultra: Recipe = {
  after: 'planner',
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: SMALL.groupSize,
  decode: {
    mode: 'threshold',
    policy: 'learned', // the planner
    threshold: 1, // of no use to it
    temperature: 0.5, // sweeps; train.yaml has 0.1
    topK: 50, // published: all tokens, of which these hold nearly everything
    maxTokens: SMALL.maxTokens,
  },
  replay: {
    replayer: 'exact', // one forward for every step
    likelihood: 'behaviour', // code: the model's, which is not what was sampled from; see pitfall 10
    unmasking: 'bernoulli-forced', // code: bernoulli-released; see pitfall 16
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: true, // every decision counts: responses of fixed length
  },
  rewards: [
    { term: 'correct', weight: 3, gate: 'always', normaliser: 'none' }, // code, programs: 1 × weight 3
    { term: 'steps', weight: 0.1, gate: 'always', normaliser: 'none' }, // code: −steps / 50, weight 0.1
  ],
  advantage: { baseline: 'group-centre' }, // no deviation (Dr. GRPO); advantage_min_clip −10, which is off
  filter: { drop: ['equal-rewards'], tpfSpread: 0, mostDraws: 1 }, // none; such groups have no advantage
  objective: {
    ratio: 'step', // tokens and bits of a step together
    clipLow: 0.2, // train.yaml
    clipHigh: 1, // train.yaml
    reduction: 'constant', // Σ ÷ completion length ÷ batch
    constantLength: SMALL.maxTokens, // code: the completion length
    innerIterations: 1, // train.yaml
  },
  optimizer: {
    learningRate: SMALL.learningRate,
    schedule: 'constant', // train.yaml
    warmupSteps: 0, // constant from the start
    beta1: 0.9, // AdamW's own
    beta2: 0.99, // train.yaml
    epsilon: 1e-8, // AdamW's own
    weightDecay: 0.1, // train.yaml
    clip: 1, // train.yaml
  },
};
