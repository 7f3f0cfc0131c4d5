import type { RewardTerm } from './reward-term.ts';

/** 1 for a program that parses, loads and runs to the end of its tests, whatever they say; 0 otherwise. */
export const format: RewardTerm = ({ verdict }) =>
  verdict.verdict === 'passed' || verdict.verdict === 'failed' ? 1 : 0;
