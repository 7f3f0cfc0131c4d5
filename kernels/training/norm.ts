import type { Graph, Value } from '../graph.ts';

/** RMS norm over the last axis, with the second output that its gradient needs. */
export function norm(graph: Graph, x: Value, weight: Value, epsilon: number): Value {
  return graph.ops(
    'SimplifiedLayerNormalization',
    [x, weight],
    { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    2,
  )[0];
}
