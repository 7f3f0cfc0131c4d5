import { Graph, type Value } from './graph.ts';
import { type Activations, multiplyRounded, roundWeight } from './linear/int8.ts';
import { embed, type RowRange, toF32 } from './linear/stored.ts';
import type { WeightLocation } from './weights.ts';

/** Names of what goes in and out of the chain. */
export const CHAIN = {
  hidden: 'hidden',
  candidates: 'candidates',
  previous: 'previous',
  noise: 'noise',
  inverseTemperature: 'inverse_temperature',
  chosen: 'chosen',
  scores: 'scores',
} as const;

/** A matrix or a bias where it lies, or as numbers that are not in any file. */
export type HeadWeight = WeightLocation | { values: Float32Array; dims: readonly number[] };

export interface SamplerHeadGraph {
  w1: HeadWeight;
  b1: HeadWeight;
  w2: HeadWeight;
  b2: HeadWeight;
  /** Rows of the input embedding and of the output head (the same matrix when tied). */
  embedding: RowRange;
  output: RowRange;
  embeddingScale: number;
  hiddenSize: number;
  rows: number;
}

/**
 * The chain over the rows of one window, unrolled, so that a window costs one call. Row i is rescored given the token
 * chosen for row i−1: z = h + W2·silu(W1·[h; s·E[t]] + b1) + b2, score = z·E[candidate] / temperature; chosen is
 * the candidate with the largest score + noise. The two matrices inside the chain are rounded to int8: they are read
 * once a row, and a chain only proposes. Inputs: hidden f32 [rows, hiddenSize], candidates i64 [rows, k],
 * previous i64 [1], noise f32 [rows, k], inverse_temperature f32 [1]. Outputs: chosen i64 [rows], scores f32 [rows, k].
 */
export function buildSamplerHead(activations: Activations, head: SamplerHeadGraph): Graph {
  const graph = new Graph();
  const { rows, hiddenSize } = head;
  const hidden = graph.input(CHAIN.hidden, 'f32', [rows, hiddenSize]);
  const candidates = graph.input(CHAIN.candidates, 'i64', [rows, 'k']);
  const noise = graph.input(CHAIN.noise, 'f32', [rows, 'k']);
  const inverseTemperature = graph.input(CHAIN.inverseTemperature, 'f32', [1]);
  let previous = graph.input(CHAIN.previous, 'i64', [1]);

  const stored = (weight: HeadWeight) =>
    'values' in weight ? graph.f32(weight.values, weight.dims) : toF32(graph, graph.weight(weight), weight);
  const perRow = (value: Value): Value[] => graph.ops('Split', [value], { axis: 0, num_outputs: rows }, rows);
  const [ofHidden, ofToken] = graph.ops('Split', [stored(head.w1)], { axis: 1, num_outputs: 2 }, 2);
  // What does not depend on the chain is computed for all rows at once.
  const fromHidden = perRow(graph.op('Gemm', [hidden, ofHidden, stored(head.b1)], { transB: 1 }));
  const base = perRow(graph.op('Add', [hidden, stored(head.b2)]));
  const ids = perRow(candidates).map((row) => graph.op('Reshape', [row, graph.i64([-1])]));
  const tokenWeights = roundWeight(graph, graph.op('Mul', [ofToken, graph.f32([head.embeddingScale], [])]));
  const w2 = roundWeight(graph, stored(head.w2));

  const chosen: Value[] = [];
  const scores: Value[] = [];
  for (const [row, noiseRow] of perRow(noise).entries()) {
    const token = embed(graph, previous, head.embedding);
    const inner = graph.op('Add', [
      multiplyRounded(graph, activations, token, tokenWeights),
      fromHidden[row],
    ]);
    const activated = graph.contrib('QuickGelu', [inner], { alpha: { float: 1 } });
    const z = graph.op('Add', [multiplyRounded(graph, activations, activated, w2), base[row]]);
    const raw = graph.op('Gemm', [z, embed(graph, ids[row], head.output)], { transB: 1 });
    const score = graph.op('Mul', [raw, inverseTemperature]);
    const best = graph.op('ArgMax', [graph.op('Add', [score, noiseRow])], { axis: 1, keepdims: 0 });
    previous = graph.op('Gather', [ids[row], best], { axis: 0 });
    chosen.push(previous);
    scores.push(score);
  }
  graph.output(CHAIN.chosen, graph.op('Concat', chosen, { axis: 0 }), 'i64', [rows]);
  graph.output(CHAIN.scores, graph.op('Concat', scores, { axis: 0 }), 'f32', [rows, 'k']);
  return graph;
}
