import type { Attention } from './attention.ts';
import { rotatedHeads, rowsOfHeads } from './heads.ts';

/**
 * Attention for a device that keeps the past: new keys and values are put into their columns there, and the whole is
 * returned beside the result. A row that is not committed leaves its numbers behind the committed columns, where the
 * mask hides them until another row takes the place. Of operators that WebGPU has (it has no FusedMatMul), and with
 * the few queries transposed, not the many keys. For one sample; kernels/naive-forward.ts is its oracle.
 */
export const resident: Attention = (graph, shape, shared, layer) => {
  if (shared.batch) throw new Error('a device keeps the past of one sample only');
  const { query, newKey, newValue, key, value } = rotatedHeads(graph, shape, shared, layer);
  const present = {
    key: graph.op('ScatterND', [layer.pastKey, shared.slots, newKey]),
    value: graph.op('ScatterND', [layer.pastValue, shared.slots, newValue]),
  };
  const scaled = graph.op('Mul', [query, graph.f32([1 / Math.sqrt(shape.headDim)], [])]);
  const turned = { perm: [0, 2, 1] };
  const byColumn = graph.op('MatMul', [present.key, graph.op('Transpose', [scaled], turned)]);
  const scores = graph.op('Add', [graph.op('Transpose', [byColumn], turned), shared.mask]);
  const mixed = graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), present.value]);
  return { output: rowsOfHeads(graph, shape, shared, mixed), key, value, present };
};
