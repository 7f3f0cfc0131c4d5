import { ratioOfSums } from '../../eval/tpf.ts';
import { rewardSums } from './advantage.ts';
import { FILTERS } from './group-filter.ts';
import { policyResponses } from './policy-recipe.ts';
import type { Recipe } from './recipe.ts';
import type { Group } from './rollout.ts';

/** What is told of the responses of a step. */
export interface RolloutMetrics {
  responses: number;
  /** Sum of the rewards before any scaling: mean and standard deviation over the responses. */
  reward: { mean: number; spread: number };
  /** Share of the responses that are right. */
  correct: number;
  /** Ratios of sums: by denoising forwards, and by all calls except prefill. */
  tpf: number;
  tpfTotal: number;
  /** Tokens of a response. */
  length: number;
  /** Different responses of a group for every response: 1 where no two are equal. */
  distinct: number;
  /** Groups in which every response has the same reward. */
  zeroVarianceGroups: number;
  verdicts: Record<string, number>;
}

/** Over all groups that were sampled, those that were left out included; experts aside, where there are others. */
export function rolloutMetrics(sampled: readonly Group[], recipe: Recipe): RolloutMetrics {
  const { rewards, filter } = recipe;
  const groups =
    policyResponses(recipe) > 0 ? sampled.map((group) => group.filter(({ expert }) => !expert)) : sampled;
  const rollouts = groups.flat();
  const raw = groups.flatMap((group) =>
    rewardSums(
      group,
      rewards.map((term) => ({ ...term, normaliser: 'none' as const })),
    ),
  );
  const texts = groups.flatMap((group) => [
    ...new Set(group.map(({ trajectory }) => trajectory.responseIds.join())),
  ]);
  const { denoise, total } = ratioOfSums(
    rollouts.map(({ trajectory }) => ({
      tokens: trajectory.responseIds.length,
      forwards: trajectory.forwards,
    })),
  );
  return {
    responses: rollouts.length,
    reward: { mean: mean(raw), spread: Math.sqrt(mean(raw.map((value) => (value - mean(raw)) ** 2))) },
    correct: mean(rollouts.map(({ correct }) => Number(correct))),
    tpf: denoise,
    tpfTotal: total,
    length: mean(rollouts.map(({ trajectory }) => trajectory.responseIds.length)),
    distinct: texts.length / rollouts.length,
    zeroVarianceGroups: groups.filter((group) => FILTERS['equal-rewards'](group, filter, rewards)).length,
    verdicts: counts(rollouts.map(({ verdict }) => verdict.verdict)),
  };
}

function counts(names: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) found[name] = (found[name] ?? 0) + 1;
  return found;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
