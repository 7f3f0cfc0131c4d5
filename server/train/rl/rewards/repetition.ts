import type { RewardTerm } from './reward-term.ts';

/** −(1 − distinct / all) over the runs of three tokens (DiRL); 0 for shorter responses. */
export const repetition: RewardTerm = ({ trajectory: { responseIds } }) => {
  const runs = responseIds.slice(2).map((_, i) => responseIds.slice(i, i + 3).join());
  return runs.length === 0 ? 0 : new Set(runs).size / runs.length - 1;
};
