import type { RewardTerm } from './reward-term.ts';

/** Forwards that cost as much as half a correct answer with dUltra's weights. */
const UNIT = 50;

/** −(denoising forwards) / 50 (dUltra). */
export const steps: RewardTerm = ({ trajectory }) => -trajectory.forwards.denoise / UNIT;
