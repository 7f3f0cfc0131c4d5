import type { Attention } from './attention.ts';
import { rotatedHeads, rowsOfHeads } from './heads.ts';

/**
 * Attention for a device that keeps the past: new keys and values are put into their columns there, and the whole is
 * returned beside the result. A row that is not committed leaves its numbers behind the committed columns, where the
 * mask hides them until another row takes the place. Of operators that WebGPU has: with a FusedMatMul, which it has not,
 * queries and scores of every layer would cross to the processor and back. For one sample.
 */
export const resident: Attention = (graph, shape, shared, layer) => {
  if (shared.batch) throw new Error('a device keeps the past of one sample only');
  const { query, newKey, newValue, key, value } = rotatedHeads(graph, shape, shared, layer);
  const present = {
    key: graph.op('ScatterND', [layer.pastKey, shared.slots, newKey]),
    value: graph.op('ScatterND', [layer.pastValue, shared.slots, newValue]),
  };
  const scaled = graph.op('Mul', [query, graph.f32([1 / Math.sqrt(shape.headDim)], [])]);
  const scores = graph.op('MatMul', [scaled, graph.op('Transpose', [present.key], { perm: [0, 2, 1] })]);
  const mixed = graph.op('MatMul', [
    graph.op('Softmax', [graph.op('Add', [scores, shared.mask])], { axis: -1 }),
    present.value,
  ]);
  return { output: rowsOfHeads(graph, shape, shared, mixed), key, value, present };
};
