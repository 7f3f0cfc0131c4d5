import type { RewardTerm } from './reward-term.ts';

/** Share of the asserts that hold, 0 for a response that reached the length limit. */
export const passRate: RewardTerm = ({ verdict, trajectory }) =>
  trajectory.stop === 'length' || verdict.total === 0 ? 0 : verdict.passed / verdict.total;
