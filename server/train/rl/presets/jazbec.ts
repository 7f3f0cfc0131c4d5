import type { Recipe } from '../recipe.ts';
import { SMALL } from './scale.ts';

/**
 * A policy over a frozen model (Jazbec et al., arXiv 2512.09106, ICML 2026); numbers are those of the released YAMLs. It
 * is best begun with `ontrack`. Published scale: responses of 256 tokens, 8 for each of 16 prompts on each of 8 devices.
 */
export const jazbec: Recipe = {
  promptsPerStep: SMALL.promptsPerStep,
  groupSize: 8, // yaml
  decode: {
    mode: 'threshold', // yaml: nothing is verified
    threshold: 0.9, // of rules only, such as an expert's
    temperature: 0, // yaml: the best token of a position, what varies is when
    topK: 50, // of no use at temperature 0
    maxTokens: SMALL.maxTokens,
  },
  policy: {
    confidences: 1, // yaml: the best token's
    hidden: false, // yaml; a variant of the paper
    unmasking: 'bernoulli', // yaml
    temperature: 0.5, // readme: in blocks; 1 where the window is the whole response
  },
  replay: {
    replayer: 'stored-inputs', // paper: the model is frozen
    likelihood: 'behaviour',
    shrink: 1,
    promptMask: 0,
    scoreAfterEnd: true, // what is revealed is what was decided
  },
  rewards: [
    // paper: right · ((L − n + 1) / L)^α; the yaml leaves α to be set, 0 is correctness alone
    { term: 'correct-speed', weight: 1, gate: 'always', normaliser: 'none', alpha: 1 },
  ],
  advantage: { baseline: 'group-centre' }, // paper: no division
  filter: { drop: ['equal-rewards'], tpfSpread: 0, mostDraws: 1 }, // code: a step without advantages is skipped
  objective: {
    ratio: 'step', // paper
    clipLow: 0.5, // yaml
    clipHigh: 0.5, // yaml
    reduction: 'response-mean', // paper: over the steps of a response, then over responses
    innerIterations: 2, // yaml
  },
  optimizer: {
    learningRate: 3e-4, // ours: 60 steps in place of an epoch; yaml: 3e-5
    schedule: 'cosine', // yaml
    warmupSteps: 5, // ours; yaml: 100
    beta1: 0.9, // yaml
    beta2: 0.99, // yaml
    epsilon: 1e-8, // default
    weightDecay: 0.1, // yaml
    clip: 0.2, // yaml
  },
};
