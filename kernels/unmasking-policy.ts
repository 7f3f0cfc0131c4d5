/**
 * The policy of Jazbec et al. (arXiv 2512.09106) over a frozen denoiser: says for every position of a window whether to
 * reveal it, from how sure the denoiser is there. x = Linear(inputs); c = MaskEmb[m] + TimeMLP(t) for every row; one DiT
 * block, (γ₁, β₁, α₁, γ₂, β₂, α₂) = Linear(silu(c)):
 *   x += (1 + α₁) · Attention(LN(x)·(1 + γ₁) + β₁);  x += (1 + α₂) · MLP(LN(x)·(1 + γ₂) + β₂)
 * and Linear(LN(x)) to one number. All rows of a window see each other; heads are rotated by the row's place.
 * kernels/naive-unmasking-policy.ts is its oracle.
 */
import { type Feed, Graph, type Value } from './graph.ts';
import { inverseFrequencies, rotations } from './rope.ts';
import { sinusoids } from './sinusoids.ts';
import { layerNorm } from './training/norm.ts';
import { InputWeights, type LayerWeights, type Parameter } from './training/parameters.ts';

/** Sizes of a policy. */
export interface PolicyShape {
  /** Numbers that it sees of each position. */
  inputs: number;
  /** Rows of a window. */
  window: number;
  size: number;
  /** Between the two layers of the MLP. */
  inner: number;
  heads: number;
  /** Numbers of a time, and the longest of their periods, in the unit of time. */
  timeSize: number;
  timePeriod: number;
}

/** What the policy sees of a window: fewer rows than it has are filled up with rows that no other sees. */
export interface PolicyRows {
  /** [rows, inputs] */
  inputs: ArrayLike<number>;
  /** [rows] */
  eligible: readonly boolean[];
  time: number;
}

/** Names of what goes into the policy's graph and comes out of it. */
export const POLICY_NETWORK = {
  inputs: 'inputs',
  eligible: 'eligible',
  time: 'time',
  hidden: 'hidden_rows',
  logits: 'logits',
} as const;

/** Names of its tensors; modules have a weight and a bias. */
export const POLICY_NAMES = {
  inputs: 'input',
  mask: 'mask.weight',
  timeIn: 'time_in',
  timeOut: 'time_out',
  modulation: 'modulation',
  attentionIn: 'attention_in',
  attentionOut: 'attention_out',
  feedIn: 'feed_in',
  feedOut: 'feed_out',
  output: 'output',
} as const;

/** Of the layer norms. */
export const POLICY_EPSILON = 1e-6;
const ROPE = { type: 'default', theta: 10_000 } as const;
/** Added to the score of a row that fills a window up. */
const HIDDEN = -1e30;

/** All tensors, about 0.33 million numbers in the published sizes. */
export function policyParameters({ inputs, size, inner, timeSize }: PolicyShape): Parameter[] {
  const module = (name: string, out: number, into: number): Parameter[] => [
    { name: `${name}.weight`, dims: [out, into] },
    { name: `${name}.bias`, dims: [out] },
  ];
  return [
    ...module(POLICY_NAMES.inputs, size, inputs),
    { name: POLICY_NAMES.mask, dims: [2, size] },
    ...module(POLICY_NAMES.timeIn, size, timeSize),
    ...module(POLICY_NAMES.timeOut, size, size),
    ...module(POLICY_NAMES.modulation, 6 * size, size),
    ...module(POLICY_NAMES.attentionIn, 3 * size, size),
    ...module(POLICY_NAMES.attentionOut, size, size),
    ...module(POLICY_NAMES.feedIn, inner, size),
    ...module(POLICY_NAMES.feedOut, size, inner),
    ...module(POLICY_NAMES.output, 1, size),
  ];
}

/** The graph's inputs, but for its tensors, for a number of windows. */
export function policyFeeds(shape: PolicyShape, windows: readonly PolicyRows[]): Record<string, Feed> {
  const { inputs, window, timeSize, timePeriod } = shape;
  const values = new Float32Array(windows.length * window * inputs);
  const eligible = Array<number>(windows.length * window).fill(0);
  const hidden = Array<number>(windows.length * window).fill(HIDDEN);
  for (const [i, rows] of windows.entries()) {
    const first = i * window;
    values.set(rows.inputs, first * inputs);
    for (const [row, may] of rows.eligible.entries()) {
      eligible[first + row] = Number(may);
      hidden[first + row] = 0;
    }
  }
  return {
    [POLICY_NETWORK.inputs]: { f32: values, dims: [windows.length * window, inputs] },
    [POLICY_NETWORK.eligible]: { i64: eligible },
    [POLICY_NETWORK.hidden]: { f32: hidden, dims: [windows.length, 1, 1, window] },
    [POLICY_NETWORK.time]: {
      f32: windows.flatMap(({ time }) => sinusoids(time, timeSize, timePeriod)),
      dims: [windows.length, timeSize],
    },
  };
}

/** Appends the network: a number for every row, f32 [windows, window]. */
export function policyLogits(graph: Graph, shape: PolicyShape, weights: LayerWeights): Value {
  const { size, window } = shape;
  const rows = window === 1 ? 'windows' : `${window}*windows`;
  const inputs = graph.input(POLICY_NETWORK.inputs, 'f32', [rows, shape.inputs]);
  const eligible = graph.input(POLICY_NETWORK.eligible, 'i64', [rows]);
  const time = graph.input(POLICY_NETWORK.time, 'f32', ['windows', shape.timeSize]);
  const fromTime = weights.linear(
    silu(graph, weights.linear(time, POLICY_NAMES.timeIn)),
    POLICY_NAMES.timeOut,
  );
  const fromMask = graph.op('Gather', [weights.tensor(POLICY_NAMES.mask), eligible], { axis: 0 });
  const condition = graph.op('Add', [
    graph.op('Reshape', [fromMask, graph.i64([-1, window, size])]),
    graph.op('Unsqueeze', [fromTime, graph.i64([1])]),
  ]);
  const flat = graph.op('Reshape', [condition, graph.i64([-1, size])]);
  const modulation = weights.linear(silu(graph, flat), POLICY_NAMES.modulation);
  const [scale1, shift1, gate1, scale2, shift2, gate2] = graph.ops(
    'Split',
    [modulation, graph.i64(Array(6).fill(size))],
    { axis: 1 },
    6,
  );
  const plusOne = (value: Value) => graph.op('Add', [value, graph.f32([1])]);
  const modulated = (x: Value, scale: Value, shift: Value) =>
    graph.op('Add', [graph.op('Mul', [layerNorm(graph, x, POLICY_EPSILON), plusOne(scale)]), shift]);
  const gated = (x: Value, change: Value, gate: Value) =>
    graph.op('Add', [x, graph.op('Mul', [change, plusOne(gate)])]);

  const x = weights.linear(inputs, POLICY_NAMES.inputs);
  const attended = gated(x, attention(graph, shape, weights, modulated(x, scale1, shift1)), gate1);
  const inner = gelu(graph, weights.linear(modulated(attended, scale2, shift2), POLICY_NAMES.feedIn));
  const fed = gated(attended, weights.linear(inner, POLICY_NAMES.feedOut), gate2);
  const logits = weights.linear(layerNorm(graph, fed, POLICY_EPSILON), POLICY_NAMES.output);
  return graph.op('Reshape', [logits, graph.i64([-1, window])]);
}

/** The policy alone, for decoding: its tensors are inputs under their own names. */
export function buildPolicy(shape: PolicyShape): Graph {
  const graph = new Graph();
  const weights = new InputWeights(graph, policyParameters(shape));
  graph.output(POLICY_NETWORK.logits, policyLogits(graph, shape, weights), 'f32', ['windows', shape.window]);
  return graph;
}

/** [windows·window, size] → the same, among the rows of each window. */
function attention(graph: Graph, shape: PolicyShape, weights: LayerWeights, x: Value): Value {
  const { size, window, heads } = shape;
  const headDim = size / heads;
  const frequencies = inverseFrequencies(ROPE, headDim);
  const [cos, sin] = [0, 1].map(() => new Float32Array(window * frequencies.length));
  rotations(frequencies, [...Array(window).keys()], cos, sin);
  const tables = [cos, sin].map((table) => graph.f32(table, [window, frequencies.length]));
  const projected = weights.linear(x, POLICY_NAMES.attentionIn);
  const [query, key, value] = graph
    .ops('Split', [projected, graph.i64([size, size, size])], { axis: 1 }, 3)
    .map((part) => graph.op('Reshape', [part, graph.i64([-1, window, size])]));
  const byHead = (part: Value) =>
    graph.op('Transpose', [graph.op('Reshape', [part, graph.i64([-1, window, heads, headDim])])], {
      perm: [0, 2, 1, 3],
    });
  const rotated = (part: Value) =>
    byHead(graph.contrib('RotaryEmbedding', [part, graph.i64([0]), ...tables], { num_heads: heads }));
  const scores = graph.contrib('FusedMatMul', [rotated(query), rotated(key)], {
    transA: 0,
    transB: 1,
    alpha: { float: 1 / Math.sqrt(headDim) },
  });
  const hidden = graph.input(POLICY_NETWORK.hidden, 'f32', ['windows', 1, 1, window]);
  const shares = graph.op('Softmax', [graph.op('Add', [scores, hidden])], { axis: -1 });
  const mixed = graph.op('Transpose', [graph.op('MatMul', [shares, byHead(value)])], { perm: [0, 2, 1, 3] });
  return weights.linear(graph.op('Reshape', [mixed, graph.i64([-1, size])]), POLICY_NAMES.attentionOut);
}

/** QuickGelu is x·sigmoid(αx): with α = 1 it is SiLU. */
function silu(graph: Graph, x: Value): Value {
  return graph.contrib('QuickGelu', [x], { alpha: { float: 1 } });
}

/** GELU by tanh: x·σ(2√(2/π)·(x + 0.044715x³)). */
function gelu(graph: Graph, x: Value): Value {
  const cube = graph.op('Mul', [graph.op('Mul', [x, x]), x]);
  const bent = graph.op('Add', [x, graph.op('Mul', [cube, graph.f32([0.044715])])]);
  const scaled = graph.op('Mul', [bent, graph.f32([2 * Math.sqrt(2 / Math.PI)])]);
  return graph.op('Mul', [x, graph.op('Sigmoid', [scaled])]);
}
