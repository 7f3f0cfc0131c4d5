import type { Graph, Value } from '../graph.ts';
import { toF32 } from '../linear/stored.ts';
import type { DenoiserShape } from '../shape.ts';
import type { AttentionInputs, AttentionLayer } from './attention.ts';

/**
 * New rows by key-value head, queries and keys turned by their positions; in a batch with an axis of samples behind that
 * of heads.
 */
export interface RotatedHeads {
  /** The query heads of a group stacked as rows, [kvHeads, rows·group, headDim]. */
  query: Value;
  /** [kvHeads, rows, headDim] */
  newKey: Value;
  newValue: Value;
  /** The same as AttentionResult has them: without the axis of samples. */
  key: Value;
  value: Value;
}

/** Cuts the groups [q…q | k | v] of a layer apart, norms queries and keys where the shape says so, and turns them. */
export function rotatedHeads(
  graph: Graph,
  shape: DenoiserShape,
  { cos, sin, batch }: AttentionInputs,
  layer: AttentionLayer,
): RotatedHeads {
  const { kvHeads, headDim } = shape;
  const group = shape.heads / kvHeads;
  // [rows, kvHeads·(group+2)·headDim] → [kvHeads, rows, (group+2)·headDim]
  const byHead = pick(
    graph,
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
  return { query, newKey, newValue, key, value };
}

/** What the heads mixed, as `query` of RotatedHeads → [rows, heads·headDim]. */
export function rowsOfHeads(
  graph: Graph,
  { heads, kvHeads, headDim }: DenoiserShape,
  { batch }: AttentionInputs,
  mixed: Value,
): Value {
  const wide = graph.i64([kvHeads, -1, (heads / kvHeads) * headDim]);
  const byRow = graph.op('Transpose', [pick(graph, graph.op('Reshape', [mixed, wide]), batch?.placeOfRow)], {
    perm: [1, 0, 2],
  });
  return graph.op('Reshape', [byRow, graph.i64([-1, heads * headDim])]);
}

function pick(graph: Graph, x: Value, rows: Value | undefined): Value {
  return rows === undefined ? x : graph.op('Gather', [x, rows], { axis: 1 });
}

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
