import type { Rollout } from '../rollout.ts';

/** What a response is worth in one respect. One a file; index.ts holds the table. */
export interface RewardTerm {
  /** A finite number; what larger means is the term's doc comment. */
  raw(rollout: Rollout, settings: RewardSettings): number;
}

/** Whom a term rewards: everybody, or successes only (others get 0). */
export type Gate = 'always' | 'correct';

/**
 * How a term is scaled within its group. `z`: (x − mean) / standard deviation with ddof 0, 0 where that is 0. `centre`:
 * x − mean. `minmax`: to 0 … 1, ½ where all are equal.
 */
export type Normaliser = 'none' | 'z' | 'centre' | 'minmax';

export interface RewardSettings {
  term: string;
  weight: number;
  gate: Gate;
  normaliser: Normaliser;
  /** Exponent of the multiplicative speed. */
  alpha: number;
}
