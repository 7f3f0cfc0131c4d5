import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import { naiveRescore, type SamplerHeadWeights } from '../../kernels/naive-sampler-head.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { PolicyRows, ScoredRow } from '../../server/train/rl/policy-rows.ts';

interface NaiveScoring {
  /** 1 where missing. */
  temperature?: number;
  head?: SamplerHeadWeights;
  /** How many of a row's tokens compete where there are no candidates; all where missing. */
  best?: number;
  /** Rounds states, logits and scores to single precision where a denoiser and a sampler head return them. */
  rounded?: boolean;
}

/**
 * Log-probability of every scored token, in double precision from the plain network: among its candidates at a
 * temperature, or among all tokens that may be emitted where it has none. What a planner decided is left aside.
 */
export function naiveLogProbs(
  spec: DenoiserSpec,
  weight: WeightReader,
  rows: PolicyRows,
  { temperature = 1, head, best: most, rounded }: NaiveScoring,
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
  const distributions = rows.scored.map((token) => {
    let ids = token.candidates ?? allowed;
    if (most) {
      const all = scores(token, allowed);
      ids = [...allowed.keys()]
        .sort((a, b) => all[b] - all[a])
        .slice(0, most)
        .map((i) => allowed[i]);
    }
    const of = scores(token, ids);
    const best = Math.max(...of);
    const total = best + Math.log(of.reduce((sum, score) => sum + Math.exp(score - best), 0));
    return { ids, logProbs: of.map((score) => score - (token.candidates ? total : round(total))) };
  });
  const logProb = (i: number) => distributions[i].logProbs[distributions[i].ids.indexOf(rows.scored[i].id!)];
  return rows.scored.map(({ id, below, chosen, response, state }, i) => {
    if (id !== null) return logProb(i);
    if (chosen !== undefined) return 0;
    const revealed = rows.scored.findIndex(
      (other) => other.id !== null && other.response === response && other.state === state,
    );
    const bound = below === undefined ? logProb(revealed) : Math.log(below);
    const less = distributions[i].logProbs.filter((value) => value < bound);
    return Math.log(less.reduce((sum, value) => sum + Math.exp(value), 0));
  });
}
