import type { Attention, AttentionInputs } from './attention/attention.ts';
import { experts } from './experts.ts';
import { feedForward } from './feed-forward.ts';
import type { ForwardAdapters } from './forward-adapters.ts';
import { Graph, type Value } from './graph.ts';
import type { Head } from './head.ts';
import { linear, type Matrix, type Precision, type Prepared } from './linear/linear.ts';
import type { embed } from './linear/stored.ts';
import { hasExperts, layerNames, layerNetworks, NAMES } from './names.ts';
import { addAndRmsNorm, rmsNorm } from './norm.ts';
import type { DenoiserShape } from './shape.ts';
import type { WeightLocation, WeightTable } from './weights.ts';

/** Names of the tensors that go in and out of the forward graph. */
export const FORWARD = {
  ids: 'ids',
  cos: 'cos',
  sin: 'sin',
  mask: 'mask',
  slots: 'slots',
  placement: 'placement',
  select: 'select',
  rowOfPlace: 'row_of_place',
  placeOfRow: 'place_of_row',
  heads: 'heads',
  hidden: 'hidden',
  /** New keys and values: for every layer its keys, then its values, [layers·2·kvHeads, rows, headDim]. */
  keysValues: 'keys_values',
  pastKey: (layer: number) => `past_key_${layer}`,
  pastValue: (layer: number) => `past_value_${layer}`,
} as const;

export interface ForwardOptions {
  /** How the matrices of the layers are multiplied. */
  precision: Precision;
  /** How the output head is. */
  headPrecision: Precision;
  /** How rows of the embedding are read. */
  embed: typeof embed;
  attention: Attention;
  /** What is computed from the selected rows. */
  head: Head;
  /** Feed rows of several samples together, see BatchInputs; adds the inputs row_of_place, place_of_row and heads. */
  batch?: boolean;
  /** Low-rank adapters beside the stored weights; adds their inputs. */
  adapters?: ForwardAdapters;
}

/**
 * The one forward graph: prefill, denoise, commit, verify and scoring are the same rows with another mask.
 * Inputs: ids i64 [rows]; cos, sin f32 [rows, rotaryDim/2]; mask, slots and placement as AttentionInputs
 * says; select i64 [selected];
 * past keys and values f32 [kvHeads, columns, headDim] of every layer. Outputs: keys_values, the normed hidden states
 * f32 [selected, hiddenSize], and those of the head. For a batch see BatchInputs.
 */
export function buildForward(shape: DenoiserShape, weights: WeightTable, options: ForwardOptions): Graph {
  const graph = new Graph();
  const { precision, adapters } = options;
  const find = (name: string) => location(weights, name);
  const matrix = (name: string): Matrix => whole(weights, name);

  const ids = graph.input(FORWARD.ids, 'i64', ['rows']);
  const shared = options.batch ? batchInputs(graph, shape) : singleInputs(graph, shape);
  const past = options.batch
    ? [shape.kvHeads, 'samples', 'columns', shape.headDim]
    : [shape.kvHeads, 'columns', shape.headDim];
  /** x·Wᵀ + b with the adapters of W; `prepared` is x. */
  const product = (x: Value, prepared: Prepared, weight: Matrix) => {
    const value = linear(graph, precision, prepared, weight);
    return adapters ? adapters.add(graph, x, value, weight) : value;
  };
  const select = graph.input(FORWARD.select, 'i64', ['selected']);

  let residual = options.embed(graph, ids, matrix(NAMES.embedding)[0]);
  let x = rmsNorm(graph, residual, find(layerNames(0).inputNorm), shape.rmsEps);
  const keysValues: Value[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const names = layerNames(layer);
    const attended = options.attention(graph, shape, shared, {
      qkv: product(x, precision.prepareNormed(graph, x), queryKeyValue(shape, weights, layer)),
      pastKey: graph.input(FORWARD.pastKey(layer), 'f32', past),
      pastValue: graph.input(FORWARD.pastValue(layer), 'f32', past),
      ...(shape.qkNorm && { queryNorm: find(names.queryNorm), keyNorm: find(names.keyNorm) }),
    });
    keysValues.push(attended.key, attended.value);
    const attention = attended.output;
    const output = product(attention, precision.prepare(graph, attention), matrix(names.output));
    [x, residual] = addAndRmsNorm(graph, output, residual, find(names.feedForwardNorm), shape.rmsEps);
    const networks = layerNetworks(shape, layer).map(({ gate, up, down }) => ({
      gate: matrix(gate),
      up: matrix(up),
      down: matrix(down),
    }));
    const fed =
      shape.experts && hasExperts(shape, layer)
        ? experts(graph, precision, x, shape.experts, {
            networks: networks.slice(0, shape.experts.count),
            shared: networks[shape.experts.count],
            router: find(names.router),
            choiceBias: shape.experts.choiceBias ? find(names.choiceBias) : undefined,
            adapters,
          })
        : feedForward(graph, precision, x, networks[0], adapters);
    const nextNorm = layer + 1 < shape.layers ? layerNames(layer + 1).inputNorm : NAMES.norm;
    [x, residual] = addAndRmsNorm(graph, fed, residual, find(nextNorm), shape.rmsEps);
  }

  graph.output(FORWARD.keysValues, graph.op('Concat', keysValues, { axis: 0 }), 'f32', [
    'all_heads',
    options.batch ? 'places' : 'rows',
    shape.headDim,
  ]);
  const hidden = graph.op('Gather', [x, select], { axis: 0 });
  graph.output(FORWARD.hidden, hidden, 'f32', ['selected', shape.hiddenSize]);
  const head = matrix(shape.tiedHead ? NAMES.embedding : NAMES.head);
  options.head(graph, hidden, { precision: options.headPrecision, matrix: head }, shape);
  return graph;
}

function singleInputs(graph: Graph, shape: DenoiserShape): AttentionInputs {
  const pairs = (shape.rotaryDim ?? shape.headDim) / 2;
  return {
    cos: graph.input(FORWARD.cos, 'f32', ['rows', pairs]),
    sin: graph.input(FORWARD.sin, 'f32', ['rows', pairs]),
    mask: graph.input(FORWARD.mask, 'f32', [1, 'grouped_rows', 'columns']),
    slots: graph.input(FORWARD.slots, 'i64', [shape.kvHeads, 'rows', 2]),
    placement: graph.input(FORWARD.placement, 'f32', ['rows', 'columns']),
  };
}

function batchInputs(graph: Graph, shape: DenoiserShape): AttentionInputs {
  const pairs = (shape.rotaryDim ?? shape.headDim) / 2;
  return {
    cos: graph.input(FORWARD.cos, 'f32', ['places', pairs]),
    sin: graph.input(FORWARD.sin, 'f32', ['places', pairs]),
    mask: graph.input(FORWARD.mask, 'f32', [1, 'samples', 'grouped_places', 'columns']),
    slots: graph.input(FORWARD.slots, 'i64', [shape.kvHeads, 'samples', 'sample_places', 3]),
    placement: graph.input(FORWARD.placement, 'f32', ['samples', 'sample_places', 'columns']),
    batch: {
      rowOfPlace: graph.input(FORWARD.rowOfPlace, 'i64', ['places']),
      placeOfRow: graph.input(FORWARD.placeOfRow, 'i64', ['rows']),
      heads: graph.input(FORWARD.heads, 'i64', [4]),
    },
  };
}

/** Rows of q, k and v as kvHeads groups of [q…q | k | v], so that attention is batched without moving queries. */
function queryKeyValue(shape: DenoiserShape, weights: WeightTable, layer: number): Matrix {
  const names = layerNames(layer);
  const groupRows = (shape.heads / shape.kvHeads) * shape.headDim;
  return Array.from({ length: shape.kvHeads }, (_, head) => [
    { ...whole(weights, names.query)[0], start: head * groupRows, count: groupRows },
    { ...whole(weights, names.key)[0], start: head * shape.headDim, count: shape.headDim },
    { ...whole(weights, names.value)[0], start: head * shape.headDim, count: shape.headDim },
  ]).flat();
}

/** A stored matrix with the scale and the bias that lie beside it. `name` lacks the `.weight`. */
export function whole(weights: WeightTable, name: string): Matrix {
  const weight = location(weights, `${name}.weight`);
  return [
    {
      weight,
      scale: weights.get(`${name}.weight_scale`),
      bias: weights.get(`${name}.bias`),
      start: 0,
      count: weight.dims[0],
    },
  ];
}

function location(weights: WeightTable, name: string): WeightLocation {
  const found = weights.get(name);
  if (!found) throw new Error(`the model has no tensor ${name}`);
  return found;
}
