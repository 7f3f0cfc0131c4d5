import type { Recipe } from '../recipe.ts';
import { jazbec } from './jazbec.ts';

/**
 * A policy that imitates a threshold rule where that was right (OnTrack, jinyas/ontrack): a warm start for the others. All
 * responses are an expert's, only successes count, and nothing is compared. Published: one pass over 9,000 responses.
 */
export const ontrack: Recipe = {
  ...jazbec,
  promptsPerStep: 16,
  groupSize: 1, // a rule gives a prompt one response
  policy: {
    ...jazbec.policy!,
    experts: { count: 1, decode: { policy: 'dynamic', threshold: 0.9 } }, // model card: Fast-dLLM at 0.9
  },
  rewards: [{ term: 'correct', weight: 1, gate: 'always', normaliser: 'none' }],
  advantage: { baseline: 'group-centre' }, // of one response: 0
  filter: { drop: ['all-wrong'], tpfSpread: 0, mostDraws: 2 }, // model card: right ones only
  objective: {
    ...jazbec.objective,
    nll: { weight: 1, reduction: 'token' }, // model card: teacher forcing; a token is a decision
    innerIterations: 16, // ours: responses cost more than decisions
  },
  optimizer: { ...jazbec.optimizer, learningRate: 1e-3, weightDecay: 0.01 }, // ours
};
