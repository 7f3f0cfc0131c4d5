import type { Graph, Value } from './graph.ts';
import { toF32 } from './linear/stored.ts';
import type { WeightLocation } from './weights.ts';

/** x / √(mean x² + ε) · w over the last axis. */
export function rmsNorm(graph: Graph, x: Value, weight: WeightLocation, epsilon: number): Value {
  return graph.op('SimplifiedLayerNormalization', [x, normWeight(graph, weight)], {
    axis: -1,
    epsilon: { float: epsilon },
    stash_type: 1,
  });
}

/** The residual connection and the norm after it in one node: returns [norm of the sum, the sum]. */
export function addAndRmsNorm(
  graph: Graph,
  x: Value,
  residual: Value,
  weight: WeightLocation,
  epsilon: number,
): [normed: Value, sum: Value] {
  const [normed, sum] = graph.contribs(
    'SkipSimplifiedLayerNormalization',
    [x, residual, normWeight(graph, weight)],
    { epsilon: { float: epsilon } },
    [0, 3],
  );
  return [normed, sum];
}

function normWeight(graph: Graph, weight: WeightLocation): Value {
  return toF32(graph, graph.weight(weight), weight);
}
