import type { Rollout } from '../rollout.ts';
import type { Gate } from './gates.ts';
import type { RewardName } from './index.ts';
import type { Normaliser } from './normalisers.ts';

export interface RewardSettings {
  term: RewardName;
  /** Factor of the term after its normaliser. */
  weight: number;
  gate: Gate;
  normaliser: Normaliser;
  /** `correct-speed`: exponent of the speed, 0 for correctness alone. */
  alpha?: number;
  /** `teacher`: less the response's own log-probability, so that the reward is minus a reverse KL divergence. */
  reverseKl?: boolean;
}

/** What a response is worth in one respect: larger is better. One a file; index.ts holds the table. */
export type RewardTerm = (rollout: Rollout, settings: RewardSettings) => number;
