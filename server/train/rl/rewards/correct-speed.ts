import type { RewardTerm } from './reward-term.ts';

/** Jazbec et al.: 1[success] · ((L − min(n, L) + 1) / L)^α, n denoising forwards of at most L tokens. */
export const correctSpeed: RewardTerm = ({ correct, trajectory }, { alpha = 1 }) => {
  const longest = trajectory.settings.maxTokens;
  const forwards = Math.min(trajectory.forwards.denoise, longest);
  return correct ? ((longest - forwards + 1) / longest) ** alpha : 0;
};
