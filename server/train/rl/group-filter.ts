import { rewardSums } from './advantage.ts';
import type { RewardSettings } from './rewards/reward-term.ts';
import type { Group } from './rollout.ts';

export interface FilterSettings {
  /** For what reasons a group is left out. */
  drop: readonly FilterName[];
  /** `accuracy`: least and most share of successes. */
  accuracy?: readonly [number, number];
  /** `tpf-spread`: smallest difference between the fastest and the slowest response, in tokens per denoising forward. */
  tpfSpread: number;
  /** Groups that may be sampled for each one wanted, until enough are kept; 1 draws no more than are wanted. */
  mostDraws: number;
}

/** Whether a group teaches nothing, by the reason why. */
export const FILTERS = {
  'all-wrong': (group: Group) => group.every(({ correct }) => !correct),
  'all-right': (group: Group) => group.every(({ correct }) => correct),
  accuracy(group: Group, { accuracy: [least, most] = [0, 1] }: FilterSettings) {
    const share = group.filter(({ correct }) => correct).length / group.length;
    return share < least || share > most;
  },
  'tpf-spread'(group: Group, { tpfSpread }: FilterSettings) {
    const speeds = group.map(({ trajectory }) => trajectory.tpf.denoise);
    return Math.max(...speeds) - Math.min(...speeds) < tpfSpread;
  },
  /** Every advantage within the group is 0. */
  'equal-rewards'(group: Group, _settings: FilterSettings, terms: readonly RewardSettings[]) {
    const sums = rewardSums(group, terms);
    return sums.every((sum) => sum === sums[0]);
  },
} as const;

export type FilterName = keyof typeof FILTERS;

/** A verdict that is our own fault is no reward: such a group is never kept. */
export type DropReason = FilterName | 'infra';

/** Keeps groups until there are enough of them, or until as many were drawn as may be. */
export class GroupCollector {
  readonly kept: Group[] = [];
  /** How many groups were left out, by reason. */
  readonly dropped = new Map<DropReason, number>();
  readonly #wanted: number;
  readonly #settings: FilterSettings;
  readonly #terms: readonly RewardSettings[];
  #drawn = 0;

  constructor(wanted: number, settings: FilterSettings, terms: readonly RewardSettings[]) {
    this.#wanted = wanted;
    this.#settings = settings;
    this.#terms = terms;
  }

  /** How many groups to sample next; 0 when there are enough, or no more may be drawn. */
  get missing(): number {
    const allowed = this.#settings.mostDraws * this.#wanted - this.#drawn;
    return Math.max(0, Math.min(this.#wanted - this.kept.length, allowed));
  }

  /** Takes a group; returns why it was left out, if it was. */
  add(group: Group): DropReason | undefined {
    this.#drawn++;
    const reason = this.#reason(group);
    if (reason) this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
    else this.kept.push(group);
    return reason;
  }

  #reason(group: Group): DropReason | undefined {
    if (group.some(({ verdict }) => verdict.verdict === 'infra')) return 'infra';
    return this.#settings.drop.find((name) => FILTERS[name](group, this.#settings, this.#terms));
  }
}
