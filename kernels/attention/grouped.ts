import type { Attention } from './attention.ts';
import { rotatedHeads, rowsOfHeads } from './heads.ts';

/**
 * Attention from plain matrix products, batched over key-value heads: the query heads of a group are stacked as rows,
 * so that each product is one wide multiplication and keys are read once per group. Runs on every execution provider.
 *
 * New scores and values are put into their columns among the past ones before anything is summed. Every sum then runs
 * over the same columns in the same order whether a token is new or committed: a row's result does not change by a
 * single bit with the rows that are fed beside it. That is what lets verified decoding equal autoregressive decoding in
 * int8 too, where rounding would blow up the last bit to a visible difference. Scores are small and are moved by a
 * product with ones and zeros, which is exact; copying the keys instead costs a third more time.
 */
export const grouped: Attention = (graph, shape, shared, layer) => {
  const { query, newKey, newValue, key, value } = rotatedHeads(graph, shape, shared, layer);
  const product = { transB: 1, alpha: { float: 1 / Math.sqrt(shape.headDim) } };
  const pastScores = graph.contrib('FusedMatMul', [query, layer.pastKey], product);
  const newScores = graph.op('MatMul', [
    graph.contrib('FusedMatMul', [query, newKey], product),
    shared.placement,
  ]);
  const scores = graph.op('Add', [pastScores, newScores]);
  const values = graph.op('ScatterND', [layer.pastValue, shared.slots, newValue]);
  const shares = graph.op('Softmax', [graph.op('Add', [scores, shared.mask])], { axis: -1 });
  const mixed = graph.op('MatMul', [shares, values]);
  return { output: rowsOfHeads(graph, shape, shared, mixed), key, value };
};
