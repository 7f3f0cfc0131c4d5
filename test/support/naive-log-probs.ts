import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import { naiveRescore, type SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { PolicyRows, ScoredRow } from '../../server/train/rl/policy-rows.ts';

/**
 * Log-probability of every scored token, in double precision from the plain network: among its candidates at a
 * temperature, or among all tokens that may be emitted where it has none. States, logits and scores are rounded to
 * single precision where a denoiser and a sampler head return them.
 */
export function naiveLogProbs(
  spec: DenoiserSpec,
  weight: WeightReader,
  rows: PolicyRows,
  temperature = 1,
  head?: SamplerHeadWeights,
): number[] {
  const { logits, hidden } = naiveForward(spec, weight, rows);
  const allowed = Array.from({ length: spec.vocabSize }, (_, id) => id).filter(
    (id) => !spec.suppressedTokenIds.includes(id),
  );
  const scores = ({ row, previous }: ScoredRow, ids: readonly number[]): number[] => {
    if (previous === undefined || !head) {
      return ids.map((id) => Math.fround(logits[row * spec.vocabSize + id]) / temperature);
    }
    const state = Float32Array.from(hidden.subarray(row * spec.hiddenSize).subarray(0, spec.hiddenSize));
    return [...naiveRescore(head, state, previous, ids)].map((score) => Math.fround(score / temperature));
  };
  return rows.scored.map((token) => {
    const ids = token.candidates ?? allowed;
    const of = scores(token, ids);
    const best = Math.max(...of);
    const total = best + Math.log(of.reduce((sum, score) => sum + Math.exp(score - best), 0));
    return of[ids.indexOf(token.id)] - (token.candidates ? total : Math.fround(total));
  });
}
