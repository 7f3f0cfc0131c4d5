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

/** (x − mean) / √(variance + ε) over the last axis. */
export function layerNorm(graph: Graph, x: Value, epsilon: number): Value {
  const mean = (value: Value) => graph.op('ReduceMean', [value, graph.i64([-1])], { keepdims: 1 });
  const centred = graph.op('Sub', [x, mean(x)]);
  const variance = mean(graph.op('Mul', [centred, centred]));
  return graph.op('Div', [centred, graph.op('Sqrt', [graph.op('Add', [variance, graph.f32([epsilon])])])]);
}
