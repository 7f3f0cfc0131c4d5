import {
  type KlEstimator,
  LOG_RATIO_LIMIT,
  type PolicyLossSettings,
} from '../../../kernels/training/policy-loss.ts';

/** What a batch's loss takes besides the log-probabilities of its tokens; a unit is what one ratio spans. */
export interface PolicyLossTerms {
  /** The unit of every token, and the token's share in the unit's log-ratio. */
  unit: readonly number[];
  share: readonly number[];
  /** Of every unit. */
  advantage: readonly number[];
  unitWeight: readonly number[];
  /** Weight of the divergence from the reference, and of −log p, of every token. */
  klWeight: readonly number[];
  nllWeight: readonly number[];
}

/** Log-probabilities of the same tokens under other policies. */
export interface OtherLogProbs {
  /** Missing: those of the present policy. */
  old?: ArrayLike<number>;
  reference?: ArrayLike<number>;
}

export interface PolicyLoss {
  loss: number;
  /** Its parts: loss = −policy + kl + nll. */
  policy: number;
  kl: number;
  nll: number;
  /** Units whose surrogate is the clipped one, which has no gradient. */
  clipped: number;
  /** Units whose log-ratio was beyond the limit, which have no gradient either. */
  clamped: number;
}

/** The loss of kernels/training/policy-loss.ts in plain loops and double precision, and what is told of it. */
export function policyLoss(
  logProbs: ArrayLike<number>,
  { old = logProbs, reference }: OtherLogProbs,
  terms: PolicyLossTerms,
  { clipLow, clipHigh, ratioCap = Number.POSITIVE_INFINITY, kl }: PolicyLossSettings,
): PolicyLoss {
  const logRatios = terms.advantage.map(() => 0);
  const result: PolicyLoss = { loss: 0, policy: 0, kl: 0, nll: 0, clipped: 0, clamped: 0 };
  for (const [token, unit] of terms.unit.entries()) {
    logRatios[unit] += terms.share[token] * (logProbs[token] - old[token]);
    result.nll -= terms.nllWeight[token] * logProbs[token];
    if (kl && reference) {
      result.kl += terms.klWeight[token] * divergence(kl, logProbs[token] - reference[token]);
    }
  }
  for (const [unit, advantage] of terms.advantage.entries()) {
    const ratio = Math.exp(clamp(logRatios[unit]));
    const free = Math.min(ratio, ratioCap) * advantage;
    const clipped = Math.min(Math.max(ratio, 1 - clipLow), 1 + clipHigh) * advantage;
    result.policy += terms.unitWeight[unit] * Math.min(free, clipped);
    if (clipped < free) result.clipped++;
    if (Math.abs(logRatios[unit]) > LOG_RATIO_LIMIT) result.clamped++;
  }
  result.loss = -result.policy + result.kl + result.nll;
  return result;
}

/** Estimates of the divergence from d = log p − log q: k1 = d, k2 = d²/2, k3 = exp(−d) − 1 + d. */
export function divergence(estimator: KlEstimator, d: number): number {
  if (estimator === 'k1') return d;
  return estimator === 'k2' ? (d * d) / 2 : Math.exp(clamp(-d)) - 1 + d;
}

function clamp(logRatio: number): number {
  return Math.min(Math.max(logRatio, -LOG_RATIO_LIMIT), LOG_RATIO_LIMIT);
}
