import type { Group } from './rollout.ts';

/** Why a group teaches nothing and is left out. */
export type DropReason = 'all-wrong' | 'all-right' | 'tpf-spread' | 'zero-advantage' | 'infra';

export interface FilterSettings {
  /** Reasons that count; `infra` (a verdict that is our own fault) always does. */
  drop: readonly DropReason[];
  /** Smallest difference between the fastest and the slowest response of a group, in tokens per denoising forward. */
  tpfSpread: number;
  /** Prompts that may be drawn for each one wanted, until enough groups are kept; 1 draws no more than are wanted. */
  mostDraws: number;
}

/** Why a group is left out; undefined: it is kept. */
export type GroupFilter = (group: Group, settings: FilterSettings) => DropReason | undefined;
