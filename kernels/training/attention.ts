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
  /** Every row is in one of them, see `attentionChunks`. */
  chunks: readonly ChunkInputs[];
}

export interface ChunkInputs {
  /** Numbers of the rows and of the columns, i64 [chunkRows] and [columns]. */
  rows: Value;
  columns: Value;
  /**
   * Added to the scores: 0 where a row sees a column, a large negative number where not. [1, chunkRows·group, columns]
   * with group = heads / kvHeads; the row of query head h in its group is row·group + h.
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
  { cos, sin, chunks }: AttentionInputs,
): Value {
  const { heads, kvHeads, headDim } = shape;
  const group = heads / kvHeads;

  // [rows, kvHeads·n·headDim] → [kvHeads, rows, n·headDim]
  const byHead = (flat: Value, n: number) =>
    graph.op('Transpose', [graph.op('Reshape', [flat, graph.i64([-1, kvHeads, n * headDim])])], {
      perm: [1, 0, 2],
    });
  const rotated = (module: string, normName: string, n: number) => {
    const flat = weights.linear(x, module);
    const normed = shape.qkNorm ? headNorm(graph, shape, weights, flat, normName, n) : flat;
    const one = graph.op('Unsqueeze', [normed, graph.i64([0])]);
    const turned = graph.contrib('RotaryEmbedding', [one, graph.i64([0]), cos, sin], { num_heads: n });
    return graph.op('Squeeze', [turned, graph.i64([0])]);
  };

  const query = rotated(names.query, names.queryNorm, heads);
  const key = rotated(names.key, names.keyNorm, kvHeads);
  const value = weights.linear(x, names.value);
  let result = graph.op('ConstantOfShape', [graph.op('Shape', [query])]);
  for (const { rows, columns, mask } of chunks) {
    const pick = (flat: Value, numbers: Value, n: number) =>
      byHead(graph.op('Gather', [flat, numbers], { axis: 0 }), n);
    const queries = graph.op('Reshape', [pick(query, rows, group), graph.i64([kvHeads, -1, headDim])]);
    const scores = graph.contrib('FusedMatMul', [queries, pick(key, columns, 1)], {
      transA: 0,
      transB: 1,
      alpha: { float: 1 / Math.sqrt(headDim) },
    });
    const shares = graph.op('Softmax', [graph.op('Add', [scores, mask])], { axis: -1 });
    const mixed = graph.op('MatMul', [shares, pick(value, columns, 1)]);

    // [kvHeads, chunkRows·group, headDim] → [chunkRows, heads·headDim]
    const byRow = graph.op(
      'Transpose',
      [graph.op('Reshape', [mixed, graph.i64([kvHeads, -1, group * headDim])])],
      { perm: [1, 0, 2] },
    );
    const flat = graph.op('Reshape', [byRow, graph.i64([-1, heads * headDim])]);
    const places = graph.op('Unsqueeze', [rows, graph.i64([1])]);
    result = graph.op('ScatterND', [result, places, flat], { reduction: 'add' });
  }
  return result;
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
