import type { Graph, Value } from '../graph.ts';
import type { LayerNames } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import { norm } from './norm.ts';
import type { LayerWeights } from './parameters.ts';

/** Inputs of the training graph that every layer's attention shares. */
export interface AttentionInputs {
  /** Rotation of every row, [rows, headDim / 2] each. */
  cos: Value;
  sin: Value;
  /** Equal parts of the rows, in order; see `rowLayout`. */
  chunks: readonly ChunkInputs[];
  /** In how many parts the rows of a chunk are multiplied, see `chunkParts`. */
  parts: number;
}

export interface ChunkInputs {
  /** Numbers of the columns, i64 [columns]. */
  columns: Value;
  /**
   * Added to the scores: 0 where a row sees a column, a large negative number where not. [parts, 1, n·group, columns]
   * with n the rows of a part of the chunk, group = heads / kvHeads; that of query head h in its group is row·group + h.
   */
  mask: Value;
}

/**
 * Attention among the rows, x [rows, hiddenSize] → [rows, heads·headDim], chunk by chunk. Like the one of the inference
 * graph it is batched over key-value heads, with the query heads of a group stacked as rows; there is no past.
 */
export function attention(
  graph: Graph,
  shape: DenoiserShape,
  weights: LayerWeights,
  names: LayerNames,
  x: Value,
  { cos, sin, chunks, parts }: AttentionInputs,
): Value {
  const { heads, kvHeads, headDim } = shape;
  const group = heads / kvHeads;
  const rotated = (module: string, normName: string, n: number) => {
    const flat = weights.linear(x, module);
    const normed = shape.qkNorm ? headNorm(graph, shape, weights, flat, normName, n) : flat;
    const one = graph.op('Unsqueeze', [normed, graph.i64([0])]);
    const turned = graph.contrib('RotaryEmbedding', [one, graph.i64([0]), cos, sin], { num_heads: n });
    return graph.op('Squeeze', [turned, graph.i64([0])]);
  };
  const cut = [chunks.length, parts];
  const swapped = { perm: [0, 1, 3, 2, 4] };
  const reshaped = (value: Value, dims: readonly number[]) => graph.op('Reshape', [value, graph.i64(dims)]);
  /** Columns of a chunk, [rows, kvHeads·headDim] → [kvHeads, columns, headDim]. */
  const picked = (flat: Value, columns: Value) => {
    const byRow = reshaped(graph.op('Gather', [flat, columns], { axis: 0 }), [-1, kvHeads, headDim]);
    return graph.op('Transpose', [byRow], { perm: [1, 0, 2] });
  };

  // [rows, heads·headDim] → [chunks, parts, kvHeads, n·group, headDim]
  const byRow = reshaped(rotated(names.query, names.queryNorm, heads), [
    ...cut,
    -1,
    kvHeads,
    group * headDim,
  ]);
  const queries = reshaped(graph.op('Transpose', [byRow], swapped), [...cut, kvHeads, -1, headDim]);
  const key = rotated(names.key, names.keyNorm, kvHeads);
  const value = weights.linear(x, names.value);
  const ofChunks = graph.ops('Split', [queries], { axis: 0, num_outputs: chunks.length }, chunks.length);
  const mixed = chunks.map(({ columns, mask }, chunk) => {
    const scores = graph.contrib('FusedMatMul', [ofChunks[chunk], picked(key, columns)], {
      transA: 0,
      transB: 1,
      alpha: { float: 1 / Math.sqrt(headDim) },
    });
    const shares = graph.op('Softmax', [graph.op('Add', [scores, mask])], { axis: -1 });
    return graph.op('MatMul', [shares, picked(value, columns)]);
  });
  const byHead = reshaped(graph.op('Concat', mixed, { axis: 0 }), [...cut, kvHeads, -1, group * headDim]);
  return reshaped(graph.op('Transpose', [byHead], swapped), [-1, heads * headDim]);
}

/** RMS norm of every head, [rows, count·headDim] → the same. */
function headNorm(
  graph: Graph,
  shape: DenoiserShape,
  weights: LayerWeights,
  flat: Value,
  name: string,
  count: number,
): Value {
  const split = graph.op('Reshape', [flat, graph.i64([-1, count, shape.headDim])]);
  const normed = norm(graph, split, weights.tensor(name), shape.rmsEps);
  return graph.op('Reshape', [normed, graph.i64([-1, count * shape.headDim])]);
}
