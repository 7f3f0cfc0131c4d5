/** Over what a term of the loss is a mean, see `reductions.ts`. */
export type Reduction = 'token' | 'response-mean' | 'step-mean' | 'round-mean' | 'constant';

/** What one ratio of probabilities spans: a token, all tokens of a state, or a whole response. */
export type RatioUnit = 'token' | 'step' | 'sequence';

/** An estimator of the divergence from d = log p − log p of the other policy (k1: d, k2: d²/2, k3: exp(−d) − 1 + d). */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/**
 * What one step minimises, over the responses that were kept:
 * − policy + kl.weight · divergence + nll.weight · mean of −log p over the tokens of successes.
 */
export interface ObjectiveSettings {
  ratio: RatioUnit;
  /** Ratios are clipped to 1 − clipLow … 1 + clipHigh. */
  clipLow: number;
  clipHigh: number;
  /** Largest ratio that multiplies an advantage, of either sign (δ); none where missing. */
  ratioCap?: number;
  reduction: Reduction;
  /** What the `constant` reduction divides by, besides the number of responses. */
  constantLength?: number;
  kl?: { estimator: KlEstimator; to: 'reference' | 'old'; weight: number; reduction: Reduction };
  nll?: { weight: number; reduction: Reduction };
  /** Optimizer steps on the same responses. */
  innerIterations: number;
}
