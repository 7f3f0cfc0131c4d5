import type { RewardTerm } from './reward-term.ts';

/** Response tokens, a stop token included, per denoising forward (LightningRL). */
export const tpf: RewardTerm = ({ trajectory }) => trajectory.tpf.denoise;
