/**
 * The forward graph cut between its layers, for models that are too large to be opened as a whole: the stream that one
 * stage returns is what the next one takes. There is no past; the rows of a text are fed all at once.
 */
import { FORWARD, type ForwardOptions, singleInputs } from './forward.ts';
import { Graph } from './graph.ts';
import { HEAD } from './head.ts';
import { decoderLayer, embeddedRows, type LayerOptions, type Stream } from './layer.ts';
import { linear, type Precision, whole } from './linear/linear.ts';
import { headName } from './names.ts';
import type { DenoiserShape } from './shape.ts';
import type { WeightTable } from './weights.ts';

/** Names of the stream where it goes into a stage and where it comes out, f32 [rows, hiddenSize] each. */
export const STAGE = {
  residual: 'residual',
  normed: 'normed',
  nextResidual: 'next_residual',
  nextNormed: 'next_normed',
} as const;

/** Before the first layer: from ids, i64 [rows]. */
export function buildEmbedding(
  shape: DenoiserShape,
  weights: WeightTable,
  { embed }: Pick<ForwardOptions, 'embed'>,
): Graph {
  const graph = new Graph();
  const ids = graph.input(FORWARD.ids, 'i64', ['rows']);
  streamOutputs(graph, shape, embeddedRows(graph, shape, weights, embed, ids));
  return graph;
}

/** One layer. Further inputs are those of attention and, as the past of layer 0, keys and values that are all zero. */
export function buildLayer(
  shape: DenoiserShape,
  weights: WeightTable,
  options: LayerOptions,
  layer: number,
): Graph {
  const graph = new Graph();
  const stream = {
    residual: graph.input(STAGE.residual, 'f32', ['rows', shape.hiddenSize]),
    normed: graph.input(STAGE.normed, 'f32', ['rows', shape.hiddenSize]),
  };
  const shared = singleInputs(graph, shape);
  const past = [shape.kvHeads, 'columns', shape.headDim];
  const cache = {
    pastKey: graph.input(FORWARD.pastKey(0), 'f32', past),
    pastValue: graph.input(FORWARD.pastValue(0), 'f32', past),
  };
  streamOutputs(graph, shape, decoderLayer(graph, shape, weights, options, shared, layer, stream, cache));
  return graph;
}

/** Logits of the tokens `start` … `start + count − 1`, f32 [rows, count], from the normed stream behind the last layer. */
export function buildHeadRows(
  shape: DenoiserShape,
  weights: WeightTable,
  precision: Precision,
  { start, count }: { start: number; count: number },
): Graph {
  const graph = new Graph();
  const normed = graph.input(STAGE.normed, 'f32', ['rows', shape.hiddenSize]);
  const rows = whole(weights, headName(shape)).map((range) => ({ ...range, start, count }));
  const logits = linear(graph, precision, precision.prepareNormed(graph, normed), rows);
  graph.output(HEAD.logits, logits, 'f32', ['rows', count]);
  return graph;
}

function streamOutputs(graph: Graph, { hiddenSize }: DenoiserShape, { residual, normed }: Stream): void {
  graph.output(STAGE.nextResidual, residual, 'f32', ['rows', hiddenSize]);
  graph.output(STAGE.nextNormed, normed, 'f32', ['rows', hiddenSize]);
}
