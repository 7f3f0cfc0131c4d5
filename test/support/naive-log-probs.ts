import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import { naiveRescore, type SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { PolicyRows, ScoredRow } from '../../server/train/rl/policy-rows.ts';

interface NaiveScoring {
  /** 1 where missing. */
  temperature?: number;
  head?: SamplerHeadWeights;
  /** Rounds states, logits and scores to single precision where a denoiser and a sampler head return them. */
  rounded?: boolean;
}

/**
 * Log-probability of every scored token, in double precision from the plain network: among its candidates at a
 * temperature, or among all tokens that may be emitted where it has none.
 */
export function naiveLogProbs(
  spec: DenoiserSpec,
  weight: WeightReader,
  rows: PolicyRows,
  { temperature = 1, head, rounded }: NaiveScoring,
): number[] {
  const { logits, hidden } = naiveForward(spec, weight, rows);
  const round = rounded ? Math.fround : (value: number) => value;
  const allowed = Array.from({ length: spec.vocabSize }, (_, id) => id).filter(
    (id) => !spec.suppressedTokenIds.includes(id),
  );
  const scores = ({ row, previous }: ScoredRow, ids: readonly number[]): number[] => {
    if (previous === undefined || !head) {
      return ids.map((id) => round(logits[row * spec.vocabSize + id]) / temperature);
    }
    const state = hidden
      .subarray(row * spec.hiddenSize)
      .subarray(0, spec.hiddenSize)
      .map(round);
    return [...naiveRescore(head, state, previous, ids)].map((score) => round(score / temperature));
  };
  return rows.scored.map((token) => {
    const ids = token.candidates ?? allowed;
    const of = scores(token, ids);
    const best = Math.max(...of);
    const total = best + Math.log(of.reduce((sum, score) => sum + Math.exp(score - best), 0));
    return of[ids.indexOf(token.id)] - (token.candidates ? total : round(total));
  });
}
