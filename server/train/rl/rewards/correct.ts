import type { RewardTerm } from './reward-term.ts';

/** 1 for a success, 0 otherwise. */
export const correct: RewardTerm = (rollout) => (rollout.correct ? 1 : 0);
