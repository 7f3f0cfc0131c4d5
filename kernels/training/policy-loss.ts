import type { Graph, Value } from '../graph.ts';
import { detached } from './detached.ts';

/** Log-ratios beyond ± this count as this, and have no gradient. */
export const LOG_RATIO_LIMIT = 10;

/** An estimator of the divergence of p from another policy q, from d = log p − log q (Schulman). */
export type KlEstimator = 'k1' | 'k2' | 'k3';

export interface PolicyLossSettings {
  /** Ratios are clipped to 1 − clipLow … 1 + clipHigh. */
  clipLow: number;
  clipHigh: number;
  /** Largest ratio that multiplies an advantage, of either sign (δ); none where missing. */
  ratioCap?: number;
  /** Estimator of the divergence from the reference; none where missing. */
  kl?: KlEstimator;
}

/** What the loss takes besides the log-probabilities, [tokens] or [units]; a unit is what one ratio spans. */
export interface PolicyLossInputs {
  /** log p of the policy that sampled, f32 [tokens]; missing: the present one, so that every ratio is 1. */
  old?: Value;
  /** log p of the reference, f32 [tokens], and the weight of the divergence from it; only with `kl`. */
  reference?: { logProbs: Value; weight: Value };
  /** Weight of −log p, f32 [tokens]. */
  nllWeight: Value;
  /** The token's unit, i64 [tokens], and its share in the unit's log-ratio, f32 [tokens]. */
  unit: Value;
  share: Value;
  /** f32 [units]. */
  advantage: Value;
  /** Weight of the unit's surrogate, f32 [units]. */
  unitWeight: Value;
}

/**
 * −Σ unitWeight · min(ρA, clip(ρ)A) + Σ weight · k(ℓ − reference) + Σ nllWeight · (−ℓ) over log-probabilities ℓ, f32
 * [tokens], with ρ = exp(clamp(Σ share · (ℓ − old))) for every unit. server/train/rl/policy-loss.ts is its oracle.
 */
export function policyLoss(
  graph: Graph,
  logProbs: Value,
  inputs: PolicyLossInputs,
  { clipLow, clipHigh, ratioCap, kl }: PolicyLossSettings,
): Value {
  const { advantage } = inputs;
  const change = graph.op('Sub', [logProbs, inputs.old ?? detached(graph, logProbs)]);
  const none = graph.op('Mul', [advantage, graph.f32([0])]);
  const logRatio = graph.op('ScatterElements', [none, inputs.unit, graph.op('Mul', [change, inputs.share])], {
    axis: -1,
    reduction: 'add',
  });
  const ratio = graph.op('Exp', [between(graph, logRatio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)]);
  const capped = ratioCap === undefined ? ratio : graph.op('Min', [ratio, graph.f32([ratioCap])]);
  const surrogate = graph.op('Min', [
    graph.op('Mul', [capped, advantage]),
    graph.op('Mul', [between(graph, ratio, 1 - clipLow, 1 + clipHigh), advantage]),
  ]);
  const gain = sum(graph, graph.op('Mul', [surrogate, inputs.unitWeight]));
  const likelihood = sum(graph, graph.op('Mul', [logProbs, inputs.nllWeight]));
  const loss = graph.op('Neg', [graph.op('Add', [gain, likelihood])]);
  if (!kl || !inputs.reference) return loss;
  const { logProbs: reference, weight } = inputs.reference;
  const divergence = ESTIMATORS[kl](graph, graph.op('Sub', [logProbs, reference]));
  return graph.op('Add', [loss, sum(graph, graph.op('Mul', [divergence, weight]))]);
}

const ESTIMATORS: Readonly<Record<KlEstimator, (graph: Graph, d: Value) => Value>> = {
  k1: (_graph, d) => d,
  k2: (graph, d) => graph.op('Mul', [graph.op('Mul', [d, d]), graph.f32([0.5])]),
  /** exp(−d) − 1 + d. */
  k3(graph, d) {
    const inverse = graph.op('Exp', [
      between(graph, graph.op('Neg', [d]), -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT),
    ]);
    return graph.op('Add', [graph.op('Sub', [inverse, graph.f32([1])]), d]);
  },
};

function between(graph: Graph, x: Value, least: number, most: number): Value {
  return graph.op('Min', [graph.op('Max', [x, graph.f32([least])]), graph.f32([most])]);
}

function sum(graph: Graph, x: Value): Value {
  return graph.op('ReduceSum', [x, graph.i64([0])], { keepdims: 0 });
}
