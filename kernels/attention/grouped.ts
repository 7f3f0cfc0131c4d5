import type { Graph, Value } from '../graph.ts';
import { toF32 } from '../linear/stored.ts';
import type { DenoiserShape } from '../shape.ts';
import type { Attention, AttentionLayer } from './attention.ts';

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
export const grouped: Attention = (graph, shape, { cos, sin, mask, slots, placement, batch }, layer) => {
  const { kvHeads, headDim } = shape;
  const group = shape.heads / kvHeads;
  const pick = (x: Value, rows: Value | undefined) =>
    rows === undefined ? x : graph.op('Gather', [x, rows], { axis: 1 });

  // [rows, kvHeads·(group+2)·headDim] → [kvHeads, rows, (group+2)·headDim]
  const byHead = pick(
    graph.op('Transpose', [graph.op('Reshape', [layer.qkv, graph.i64([0, kvHeads, -1])])], {
      perm: [1, 0, 2],
    }),
    batch?.rowOfPlace,
  );
  const [queryKey, value] = split(graph, byHead, [(group + 1) * headDim, headDim]);
  const rotated = graph.contrib(
    'RotaryEmbedding',
    [shape.qkNorm ? normHeads(graph, shape, queryKey, layer) : queryKey, graph.i64([0]), cos, sin],
    { num_heads: group + 1, rotary_embedding_dim: shape.rotaryDim ?? 0 },
  );
  const [queryByRow, key] = split(graph, rotated, [group * headDim, headDim]);
  const query = graph.op('Reshape', [queryByRow, batch?.heads ?? graph.i64([kvHeads, -1, headDim])]);
  const [newKey, newValue] = batch
    ? [key, value].map((rows) => graph.op('Reshape', [rows, batch.heads]))
    : [key, value];

  const product = { transB: 1, alpha: { float: 1 / Math.sqrt(headDim) } };
  const pastScores = graph.contrib('FusedMatMul', [query, layer.pastKey], product);
  const newScores = graph.op('MatMul', [graph.contrib('FusedMatMul', [query, newKey], product), placement]);
  const scores = graph.op('Add', [pastScores, newScores]);
  const values = graph.op('ScatterND', [layer.pastValue, slots, newValue]);
  const shares = graph.op('Softmax', [graph.op('Add', [scores, mask])], { axis: -1 });
  const mixed = graph.op('MatMul', [shares, values]);

  // [kvHeads, rows·group, headDim] → [rows, heads·headDim]
  const byRow = graph.op(
    'Transpose',
    [pick(graph.op('Reshape', [mixed, graph.i64([kvHeads, -1, group * headDim])]), batch?.placeOfRow)],
    { perm: [1, 0, 2] },
  );
  return { output: graph.op('Reshape', [byRow, graph.i64([-1, shape.heads * headDim])]), key, value };
};

function split(graph: Graph, x: Value, sizes: number[]): Value[] {
  return graph.ops('Split', [x, graph.i64(sizes)], { axis: 2 }, sizes.length);
}

/** RMS norm of every query and key head, [kvHeads, rows, (group+1)·headDim] → the same. */
function normHeads(graph: Graph, shape: DenoiserShape, x: Value, layer: AttentionLayer): Value {
  const { kvHeads, headDim } = shape;
  const group = shape.heads / kvHeads;
  if (!layer.queryNorm || !layer.keyNorm) throw new Error('a shape with qkNorm needs the norm weights');
  const queryWeight = toF32(graph, graph.weight(layer.queryNorm), layer.queryNorm);
  const keyWeight = toF32(graph, graph.weight(layer.keyNorm), layer.keyNorm);
  const weight = graph.op('Reshape', [
    graph.op('Concat', [...Array<Value>(group).fill(queryWeight), keyWeight], { axis: 0 }),
    graph.i64([group + 1, headDim]),
  ]);
  const heads = graph.op('Reshape', [x, graph.i64([kvHeads, -1, group + 1, headDim])]);
  const normed = graph.op(
    'SimplifiedLayerNormalization',
    [heads, graph.f32(new Float32Array(headDim).fill(1))],
    {
      axis: -1,
      epsilon: { float: shape.rmsEps },
      stash_type: 1,
    },
  );
  return graph.op('Reshape', [
    graph.op('Mul', [normed, weight]),
    graph.i64([kvHeads, -1, (group + 1) * headDim]),
  ]);
}
