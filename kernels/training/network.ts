import type { Graph, Value } from '../graph.ts';
import { type LayerNames, layerNames, NAMES } from '../names.ts';
import type { Segment } from '../recompute.ts';
import type { DenoiserShape } from '../shape.ts';
import { type AttentionInputs, attention } from './attention.ts';
import { norm } from './norm.ts';
import type { LayerWeights, TrainingWeights } from './parameters.ts';

export interface Network {
  /** Normed hidden states, [rows, hiddenSize]. */
  hidden: Value;
  /** The nodes of every layer. */
  layers: Segment[];
}

/**
 * The network over operators that can be differentiated: the rows with token ids `ids` [rows].
 * kernels/naive-forward.ts is its oracle.
 */
export function network(
  graph: Graph,
  shape: DenoiserShape,
  weights: TrainingWeights,
  ids: Value,
  shared: AttentionInputs,
): Network {
  const layers: Segment[] = [];
  let residual = weights.embed(ids);
  for (let layer = 0; layer < shape.layers; layer++) {
    const start = graph.nodes.length;
    residual = transformerLayer(graph, shape, weights, layerNames(layer), residual, shared);
    layers.push({ start, end: graph.nodes.length });
  }
  return { hidden: norm(graph, residual, weights.tensor(NAMES.norm), shape.rmsEps), layers };
}

/** One layer: what it makes of the residual stream, [rows, hiddenSize]. */
export function transformerLayer(
  graph: Graph,
  shape: DenoiserShape,
  weights: LayerWeights,
  names: LayerNames,
  residual: Value,
  shared: AttentionInputs,
): Value {
  const normed = norm(graph, residual, weights.tensor(names.inputNorm), shape.rmsEps);
  const attended = attention(graph, shape, weights, names, normed, shared);
  const mixed = graph.op('Add', [residual, weights.linear(attended, names.output)]);
  const fed = norm(graph, mixed, weights.tensor(names.feedForwardNorm), shape.rmsEps);
  return graph.op('Add', [mixed, feedForward(graph, weights, names, fed)]);
}

/** down(silu(gate(x)) · up(x)). */
function feedForward(graph: Graph, weights: LayerWeights, names: LayerNames, x: Value): Value {
  const gate = weights.linear(x, names.gate);
  const up = weights.linear(x, names.up);
  // QuickGelu is x·sigmoid(αx): with α = 1 it is SiLU.
  const activated = graph.contrib('QuickGelu', [gate], { alpha: { float: 1 } });
  return weights.linear(graph.op('Mul', [activated, up]), names.down);
}
