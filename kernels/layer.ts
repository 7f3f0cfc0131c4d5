import type { Attention, AttentionInputs, AttentionLayer, AttentionResult } from './attention/attention.ts';
import { experts } from './experts.ts';
import { feedForward } from './feed-forward.ts';
import type { ForwardAdapters } from './forward-adapters.ts';
import type { Graph, Value } from './graph.ts';
import { linear, type Matrix, type Precision, type Prepared, whole } from './linear/linear.ts';
import type { embed } from './linear/stored.ts';
import { hasExperts, layerNames, layerNetworks, NAMES } from './names.ts';
import { addAndRmsNorm, rmsNorm } from './norm.ts';
import type { DenoiserShape } from './shape.ts';
import { findWeight, type WeightTable } from './weights.ts';

export interface LayerOptions {
  /** How the matrices of the layers are multiplied. */
  precision: Precision;
  attention: Attention;
  /** Low-rank adapters beside the stored weights; adds their inputs. */
  adapters?: ForwardAdapters;
}

/** What one layer hands to the next, [rows, hiddenSize] each. */
export interface Stream {
  residual: Value;
  /** The residual stream after the norm that the next layer, or the head, begins with. */
  normed: Value;
}

/** The stream before the first layer: rows of the embedding for `ids`, [rows]. */
export function embeddedRows(
  graph: Graph,
  shape: DenoiserShape,
  weights: WeightTable,
  read: typeof embed,
  ids: Value,
): Stream {
  const residual = read(graph, ids, whole(weights, NAMES.embedding)[0]);
  const norm = findWeight(weights, layerNames(0).inputNorm);
  return { residual, normed: rmsNorm(graph, residual, norm, shape.rmsEps) };
}

/** The stream after a layer, and the layer's keys and values as AttentionResult has them. */
export function decoderLayer(
  graph: Graph,
  shape: DenoiserShape,
  weights: WeightTable,
  { precision, attention, adapters }: LayerOptions,
  shared: AttentionInputs,
  layer: number,
  { residual, normed }: Stream,
  past: Pick<AttentionLayer, 'pastKey' | 'pastValue'>,
): Stream & Omit<AttentionResult, 'output'> {
  const names = layerNames(layer);
  const find = (name: string) => findWeight(weights, name);
  const matrix = (name: string): Matrix => whole(weights, name);
  /** x·Wᵀ + b with the adapters of W; `prepared` is x. */
  const product = (x: Value, prepared: Prepared, weight: Matrix) => {
    const value = linear(graph, precision, prepared, weight);
    return adapters ? adapters.add(graph, x, value, weight) : value;
  };

  const { output, ...keysValues } = attention(graph, shape, shared, {
    qkv: product(normed, precision.prepareNormed(graph, normed), queryKeyValue(shape, weights, layer)),
    ...past,
    ...(shape.qkNorm && { queryNorm: find(names.queryNorm), keyNorm: find(names.keyNorm) }),
  });
  const attended = product(output, precision.prepare(graph, output), matrix(names.output));
  const [x, sum] = addAndRmsNorm(graph, attended, residual, find(names.feedForwardNorm), shape.rmsEps);
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
  const [nextNormed, nextResidual] = addAndRmsNorm(graph, fed, sum, find(nextNorm), shape.rmsEps);
  return { residual: nextResidual, normed: nextNormed, ...keysValues };
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
