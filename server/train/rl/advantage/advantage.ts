import type { RewardSettings } from '../rewards/reward-term.ts';
import type { Group } from '../rollout.ts';

/**
 * How advantages are made of the sum of a response's rewards. `group-z`: (x − mean) / standard deviation over the group,
 * ddof 0, 0 where that is 0. `group-centre`: x − mean. `batch-z`: the same over all responses of the step that were kept,
 * with ddof 1. `none`: the sum itself.
 */
export type Baseline = 'none' | 'group-centre' | 'group-z' | 'batch-z';

export interface AdvantageSettings {
  /** After each term has been scaled by its own normaliser. */
  baseline: Baseline;
  /** Advantages below it count as 0; −∞ lets all pass. */
  least: number;
}

/** Advantage of every response, in the shape of `groups`. */
export type AdvantageEstimator = (
  groups: readonly Group[],
  rewards: readonly RewardSettings[],
  settings: AdvantageSettings,
) => number[][];
