import type { AttentionInputs } from './attention/attention.ts';
import { Graph, type Value } from './graph.ts';
import type { Head } from './head.ts';
import { decoderLayer, embeddedRows, type LayerOptions } from './layer.ts';
import { type Precision, whole } from './linear/linear.ts';
import type { embed } from './linear/stored.ts';
import { headName } from './names.ts';
import type { DenoiserShape } from './shape.ts';
import type { WeightTable } from './weights.ts';

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
  presentKey: (layer: number) => `present_key_${layer}`,
  presentValue: (layer: number) => `present_value_${layer}`,
} as const;

export interface ForwardOptions extends LayerOptions {
  /** How the output head is multiplied. */
  headPrecision: Precision;
  /** How rows of the embedding are read. */
  embed: typeof embed;
  /** What is computed from the selected rows. */
  head: Head;
  /** Feed rows of several samples together, see BatchInputs; adds the inputs row_of_place, place_of_row and heads. */
  batch?: boolean;
}

/**
 * The one forward graph: prefill, denoise, commit, verify and scoring are the same rows with another mask.
 * Inputs: ids i64 [rows]; cos, sin f32 [rows, rotaryDim/2]; mask, slots and placement as AttentionInputs
 * says; select i64 [selected];
 * past keys and values f32 [kvHeads, columns, headDim] of every layer. Outputs: keys_values, the normed hidden states
 * f32 [selected, hiddenSize], those of the head, and from an attention for devices that keep the past present keys and
 * values of every layer, which are the past of the next forward. For a batch see BatchInputs.
 */
export function buildForward(shape: DenoiserShape, weights: WeightTable, options: ForwardOptions): Graph {
  const graph = new Graph();
  const ids = graph.input(FORWARD.ids, 'i64', ['rows']);
  const shared = options.batch ? batchInputs(graph, shape) : singleInputs(graph, shape);
  const past = options.batch
    ? [shape.kvHeads, 'samples', 'columns', shape.headDim]
    : [shape.kvHeads, 'columns', shape.headDim];
  const select = graph.input(FORWARD.select, 'i64', ['selected']);

  let stream = embeddedRows(graph, shape, weights, options.embed, ids);
  const keysValues: Value[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const cache = {
      pastKey: graph.input(FORWARD.pastKey(layer), 'f32', past),
      pastValue: graph.input(FORWARD.pastValue(layer), 'f32', past),
    };
    const { key, value, present, ...next } = decoderLayer(
      graph,
      shape,
      weights,
      options,
      shared,
      layer,
      stream,
      cache,
    );
    keysValues.push(key, value);
    if (present) {
      graph.outputInPlace(FORWARD.presentKey(layer), present.key, 'f32', past);
      graph.outputInPlace(FORWARD.presentValue(layer), present.value, 'f32', past);
    }
    stream = next;
  }

  graph.output(FORWARD.keysValues, graph.op('Concat', keysValues, { axis: 0 }), 'f32', [
    'all_heads',
    options.batch ? 'places' : 'rows',
    shape.headDim,
  ]);
  const hidden = graph.op('Gather', [stream.normed, select], { axis: 0 });
  graph.output(FORWARD.hidden, hidden, 'f32', ['selected', shape.hiddenSize]);
  const head = whole(weights, headName(shape));
  options.head(graph, hidden, { precision: options.headPrecision, matrix: head }, shape);
  return graph;
}

/** Inputs of attention for the rows of one cache. */
export function singleInputs(graph: Graph, shape: DenoiserShape): AttentionInputs {
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
