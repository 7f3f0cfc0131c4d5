import { Graph, type Value } from '../../kernels/graph.ts';
import { whole } from '../../kernels/linear/linear.ts';
import { embed } from '../../kernels/linear/stored.ts';
import { headName, layerNames, NAMES } from '../../kernels/names.ts';
import { rmsNorm } from '../../kernels/norm.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { findWeight, type WeightTable } from '../../kernels/weights.ts';
import type { Rounding } from './rounding.ts';

/** Names of the tensors that go in and out of the plain graph. */
export const PLAIN = {
  ids: 'ids',
  cos: 'cos',
  sin: 'sin',
  mask: 'mask',
  /** Cached columns and rows together, less one, i32 [1]. */
  lastColumn: 'last_column',
  /** Cached columns and rows together, i32 [1]. */
  columns: 'columns',
  count: 'count',
  pastKey: (layer: number) => `past_key_${layer}`,
  pastValue: (layer: number) => `past_value_${layer}`,
  keysValues: 'keys_values',
  hidden: 'hidden',
  topIds: 'top_ids',
  topLogits: 'top_logits',
  logSumExp: 'log_sum_exp',
} as const;

/**
 * The forward as one would write it first, to be measured beside kernels/forward.ts: the runtime's attention, a product
 * for every stored matrix, nothing joined, left to later nodes or chosen for its speed. For shapes without biases, norms
 * of heads and experts.
 * Inputs: ids i64 [rows]; cos, sin f32 [rows, headDim/2]; mask f32 [1, 1, rows, cached+rows], added to the scores;
 * past keys and values f32 [1, kvHeads, cached, headDim] of every layer. Outputs for every row: new keys and values of
 * all layers f32 [2·layers, rows, kvHeads·headDim], the normed hidden states f32 [1, rows, hiddenSize], the `count` best
 * tokens and log Σ exp of all logits.
 */
export function buildPlainForward(shape: DenoiserShape, weights: WeightTable, round: Rounding): Graph {
  const graph = new Graph();
  const ids = graph.input(PLAIN.ids, 'i64', ['rows']);
  const attend = attention(graph, shape);
  const norm = (x: Value, name: string) => rmsNorm(graph, x, findWeight(weights, name), shape.rmsEps);
  const rounded = (x: Value) => {
    const multiply = round(graph, x);
    return (name: string) => multiply(whole(weights, name));
  };

  const embedded = embed(graph, ids, whole(weights, NAMES.embedding)[0]);
  let x = graph.op('Unsqueeze', [embedded, graph.i64([0])]);
  const keysValues: Value[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const names = layerNames(layer);
    const project = rounded(norm(x, names.inputNorm));
    const [query, key, value] = [names.query, names.key, names.value].map(project);
    const attended = attend(layer, { query, key, value });
    x = graph.op('Add', [x, rounded(attended.output)(names.output)]);
    keysValues.push(attended.key, value);

    const widen = rounded(norm(x, names.feedForwardNorm));
    const gate = widen(names.gate);
    const activated = graph.op('Mul', [gate, graph.op('Sigmoid', [gate])]);
    const gated = graph.op('Mul', [activated, widen(names.up)]);
    x = graph.op('Add', [x, rounded(gated)(names.down)]);
  }

  graph.output(PLAIN.keysValues, graph.op('Concat', keysValues, { axis: 0 }), 'f32', [
    2 * shape.layers,
    'rows',
    shape.kvHeads * shape.headDim,
  ]);
  const hidden = norm(x, NAMES.norm);
  graph.output(PLAIN.hidden, hidden, 'f32', [1, 'rows', shape.hiddenSize]);
  const logits = rounded(hidden)(headName(shape));
  const count = graph.input(PLAIN.count, 'i64', [1]);
  const [top, best] = graph.ops('TopK', [logits, count], { axis: -1 }, 2);
  graph.output(PLAIN.topIds, best, 'i64', [1, 'rows', 'count']);
  graph.output(PLAIN.topLogits, top, 'f32', [1, 'rows', 'count']);
  const logSumExp = graph.op('ReduceLogSumExp', [logits, graph.i64([-1])], { keepdims: 0 });
  graph.output(PLAIN.logSumExp, logSumExp, 'f32', [1, 'rows']);
  return graph;
}

/** Attention of a layer over its past and the rows, and the rows' rotated keys. */
function attention(graph: Graph, { heads, kvHeads, headDim }: DenoiserShape) {
  const cos = graph.input(PLAIN.cos, 'f32', ['rows', headDim / 2]);
  const sin = graph.input(PLAIN.sin, 'f32', ['rows', headDim / 2]);
  const mask = graph.input(PLAIN.mask, 'f32', [1, 1, 'rows', 'columns']);
  const lastColumn = graph.input(PLAIN.lastColumn, 'i32', [1]);
  const columns = graph.input(PLAIN.columns, 'i32', [1]);
  const past = [1, kvHeads, 'cached', headDim];
  const rotated = (x: Value, count: number) =>
    graph.contrib('RotaryEmbedding', [x, graph.i64([0]), cos, sin], { num_heads: count });
  return (layer: number, rows: Record<'query' | 'key' | 'value', Value>) => {
    const pastKey = graph.input(PLAIN.pastKey(layer), 'f32', past);
    const pastValue = graph.input(PLAIN.pastValue(layer), 'f32', past);
    const [query, key] = [rotated(rows.query, heads), rotated(rows.key, kvHeads)];
    const inputs = [query, key, rows.value, pastKey, pastValue, lastColumn, columns, '', '', '', mask];
    const attributes = { num_heads: heads, kv_num_heads: kvHeads, causal: 0 };
    const [output] = graph.contribs('GroupQueryAttention', inputs, attributes, [0, 1, 2]);
    return { output, key };
  };
}
