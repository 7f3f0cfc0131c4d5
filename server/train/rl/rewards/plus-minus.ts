import type { RewardTerm } from './reward-term.ts';

/** 1 for a success, −1 otherwise (LightningRL's paper). */
export const plusMinus: RewardTerm = ({ correct }) => (correct ? 1 : -1);
