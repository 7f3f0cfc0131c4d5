import type { Trajectory } from '../../protocol.ts';
import type { Verdict } from '../../sandbox/verdict.ts';

/** One sampled response and what became of it. */
export interface Rollout {
  taskId: string;
  /** With every reveal's candidates: as many as were sampled from, see `recordedCandidates`. */
  trajectory: Trajectory;
  /** Optimizer steps behind the weights that sampled it. */
  weightsVersion: number;
  verdict: Verdict;
  /** Whether it counts as a success: decided by `isCorrect` alone, never read off a reward. */
  correct: boolean;
  /** Decoded by a rule for the policy under training to learn from. */
  expert: boolean;
  /** Mean log-probability of its tokens under a teacher, where a reward asks for it. */
  teacherLogProb?: number;
}

/** The responses to one prompt in one step; their rewards are compared with each other. */
export type Group = readonly Rollout[];

/** Passed, and ended by itself: a response that reached the length limit is no success (LightningRL, DiRL). */
export function isCorrect(verdict: Verdict, { stop }: Pick<Trajectory, 'stop'>): boolean {
  return verdict.verdict === 'passed' && stop !== 'length';
}
