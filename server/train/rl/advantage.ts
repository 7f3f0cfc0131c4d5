import { gated } from './rewards/gates.ts';
import { REWARDS } from './rewards/index.ts';
import { centred, NORMALISERS, standardised } from './rewards/normalisers.ts';
import type { RewardSettings, RewardTerm } from './rewards/reward-term.ts';
import type { Group } from './rollout.ts';

/** How advantages are made of the sums of the responses' rewards, [groups][responses]. */
export const BASELINES = {
  none: (sums: readonly number[][]) => sums.map((group) => [...group]),
  /** x − mean of the group (Dr. GRPO, d1, dUltra). */
  'group-centre': (sums: readonly number[][]) => sums.map(centred),
  /** (x − mean) / standard deviation of the group, ddof 0 (DiRL, TraceRL). */
  'group-z': (sums: readonly number[][]) => sums.map((group) => standardised(group, 0)),
  /** The same over all responses of the step that were kept, ddof 1 (LightningRL). */
  'batch-z'(sums: readonly number[][]) {
    const scaled = standardised(sums.flat(), 1).values();
    return sums.map((group) => group.map(() => scaled.next().value!));
  },
} as const;

export type Baseline = keyof typeof BASELINES;

export interface AdvantageSettings {
  /** Of the rewards, each of which has been scaled by its own normaliser before. */
  baseline: Baseline;
  /** Advantages below it count as 0 (dUltra); missing lets all pass. */
  least?: number;
}

/** Σ weight · reward of every response of a group, each term gated and scaled within the group. */
export function rewardSums(group: Group, terms: readonly RewardSettings[]): number[] {
  const correct = group.map((rollout) => rollout.correct);
  const sums = group.map(() => 0);
  for (const settings of terms) {
    const term: RewardTerm = REWARDS[settings.term];
    const raw = group.map((rollout) => term(rollout, settings));
    const scaled = gated(settings.gate, raw, correct, NORMALISERS[settings.normaliser]);
    for (const [i, value] of scaled.entries()) sums[i] += settings.weight * value;
  }
  return sums;
}

/** Advantage of every response, in the shape of `groups`, which are all of the step that were kept. */
export function advantages(
  groups: readonly Group[],
  terms: readonly RewardSettings[],
  { baseline, least = Number.NEGATIVE_INFINITY }: AdvantageSettings,
): number[][] {
  const sums = groups.map((group) => rewardSums(group, terms));
  return BASELINES[baseline](sums).map((group) => group.map((value) => (value < least ? 0 : value)));
}
