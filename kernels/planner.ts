/**
 * The planner head of dUltra (arXiv 2512.21446, section 3; code 86e4d09): says for every masked position whether to reveal
 * it, from the last hidden states of the rows that a step looks at. c = TimeEmb(t) + MaskEmb[m] for every row;
 * AdaLN(h; c) → one layer of the network's own shape in which all rows see each other → AdaLN → a linear map to one
 * number. h is first multiplied by a matrix that begins as the identity: so a head can follow its network when that is rotated
 * (server/models/rotate.ts). AdaLN(x; c) = LN(x) · (1 + scale) + shift with (scale, shift) = Linear(c). kernels/naive-planner.ts is its
 * oracle.
 */
import { type Feed, Graph, type Value } from './graph.ts';
import { namesWithin } from './names.ts';
import type { DenoiserShape } from './shape.ts';
import { sinusoids } from './sinusoids.ts';
import { transformerLayer } from './training/network.ts';
import { layerNorm } from './training/norm.ts';
import { InputWeights, type LayerWeights, type Parameter } from './training/parameters.ts';

/** Names of the head's tensors; those of its layer are in `layer`. Modules have a weight and a bias. */
export const PLANNER_NAMES = {
  /** Has no bias. */
  input: 'planner.input',
  timeIn: 'planner.time_in',
  timeOut: 'planner.time_out',
  mask: 'planner.mask.weight',
  before: 'planner.norm_before',
  layer: namesWithin('planner.layer'),
  after: 'planner.norm_after',
  out: 'planner.out',
} as const;

/** Names of what goes into the head and comes out of it. */
export const PLANNER = {
  hidden: 'planner_hidden',
  cos: 'planner_cos',
  sin: 'planner_sin',
  time: 'planner_time',
  eligible: 'planner_eligible',
  rows: 'planner_rows',
  places: 'planner_places',
  step: 'planner_step',
  queryStep: 'planner_query_step',
  logits: 'planner_logits',
} as const;

/** Numbers of a time, and the longest of their periods. */
const TIME_SIZE = 256;
const LONGEST_PERIOD = 10_000;
/** Of the layer norms. */
const EPSILON = 1e-4;
/** Added to the score of a row of another step. */
const HIDDEN = -1e30;

/** cos, then sin of time · period^(−i / 128), [256]. `time` is the share of the positions that show a token, 0 … 1. */
export function timeFeatures(time: number): number[] {
  return sinusoids(time, TIME_SIZE, LONGEST_PERIOD);
}

/** The rows that the planner looks at in one step. */
export interface PlannerStep {
  /** Whether the position that a row predicts may be revealed by this step, [rows]. */
  eligible: readonly boolean[];
  /** Share of the positions that show a token, 0 … 1. */
  time: number;
}

/** Inputs of `plannerLogits` for rows that come step by step. */
export function plannerFeeds(shape: DenoiserShape, steps: readonly PlannerStep[]): Record<string, Feed> {
  const step = steps.flatMap(({ eligible }, i) => eligible.map(() => i));
  const queryStep = step.flatMap((i) => Array<number>(shape.heads / shape.kvHeads).fill(i));
  return {
    [PLANNER.time]: {
      f32: steps.flatMap(({ eligible, time }) => Array(eligible.length).fill(timeFeatures(time)).flat()),
      dims: [step.length, TIME_SIZE],
    },
    [PLANNER.eligible]: { i64: steps.flatMap(({ eligible }) => eligible.map(Number)) },
    [PLANNER.places]: { i64: [...step.keys()] },
    [PLANNER.step]: { i64: step, dims: [1, step.length] },
    [PLANNER.queryStep]: { i64: queryStep, dims: [queryStep.length, 1] },
  };
}

/** All tensors of the head of a network of this shape. */
export function plannerParameters(shape: DenoiserShape): Parameter[] {
  const { hiddenSize: size, intermediateSize: inner, heads, kvHeads, headDim } = shape;
  const { layer, ...own } = PLANNER_NAMES;
  const matrix = (module: string, out: number, into: number, bias: boolean): Parameter[] => [
    { name: `${module}.weight`, dims: [out, into] },
    ...(bias ? [{ name: `${module}.bias`, dims: [out] }] : []),
  ];
  const vector = (name: string, length: number): Parameter[] => [{ name, dims: [length] }];
  return [
    ...matrix(own.input, size, size, false),
    ...matrix(own.timeIn, size, TIME_SIZE, true),
    ...matrix(own.timeOut, size, size, true),
    { name: own.mask, dims: [2, size] },
    ...matrix(own.before, 2 * size, size, true),
    ...vector(layer.inputNorm, size),
    ...matrix(layer.query, heads * headDim, size, shape.qkvBias),
    ...matrix(layer.key, kvHeads * headDim, size, shape.qkvBias),
    ...matrix(layer.value, kvHeads * headDim, size, shape.qkvBias),
    ...(shape.qkNorm ? [...vector(layer.queryNorm, headDim), ...vector(layer.keyNorm, headDim)] : []),
    ...matrix(layer.output, size, heads * headDim, shape.outputBias),
    ...vector(layer.feedForwardNorm, size),
    ...matrix(layer.gate, inner, size, false),
    ...matrix(layer.up, inner, size, false),
    ...matrix(layer.down, size, inner, false),
    ...matrix(own.after, 2 * size, size, true),
    ...matrix(own.out, 1, size, true),
  ];
}

/** The rows of one or several steps; those of different steps do not see each other. */
export interface PlannerRows {
  /** Last hidden states, normed, f32 [planned, hiddenSize]. */
  hidden: Value;
  /** Rotation of every row, f32 [planned, headDim / 2] each. */
  cos: Value;
  sin: Value;
}

/** The number of every row, f32 [planned]: the logit of the probability that the position which it predicts is revealed. */
export function plannerLogits(
  graph: Graph,
  shape: DenoiserShape,
  weights: LayerWeights,
  { hidden, cos, sin }: PlannerRows,
): Value {
  const group = shape.heads / shape.kvHeads;
  const time = graph.input(PLANNER.time, 'f32', ['planned', TIME_SIZE]);
  const eligible = graph.input(PLANNER.eligible, 'i64', ['planned']);
  const places = graph.input(PLANNER.places, 'i64', ['planned']);
  const step = graph.input(PLANNER.step, 'i64', [1, 'planned']);
  // Attention has the query heads of a group as rows, see AttentionInputs.
  const queryStep = graph.input(PLANNER.queryStep, 'i64', [group === 1 ? 'planned' : `${group}*planned`, 1]);

  const fromTime = weights.linear(
    silu(graph, weights.linear(time, PLANNER_NAMES.timeIn)),
    PLANNER_NAMES.timeOut,
  );
  const fromMask = graph.op('Gather', [weights.tensor(PLANNER_NAMES.mask), eligible], { axis: 0 });
  const condition = graph.op('Add', [fromTime, fromMask]);
  const adapted = (x: Value, module: string) => {
    const both = weights.linear(condition, module);
    const part = (start: number) =>
      graph.op('Slice', [both, graph.i64([start]), graph.i64([start + shape.hiddenSize]), graph.i64([1])]);
    const scale = graph.op('Add', [part(0), graph.f32([1])]);
    return graph.op('Add', [graph.op('Mul', [layerNorm(graph, x, EPSILON), scale]), part(shape.hiddenSize)]);
  };

  const same = graph.op('Cast', [graph.op('Equal', [queryStep, step])], { to: 1 });
  const mask = graph.op('Mul', [graph.op('Sub', [graph.f32([1]), same]), graph.f32([HIDDEN])]);
  const shared = { cos, sin, chunks: [{ columns: places, mask }], parts: 1 };
  const mixed = transformerLayer(
    graph,
    shape,
    weights,
    PLANNER_NAMES.layer,
    adapted(weights.linear(hidden, PLANNER_NAMES.input), PLANNER_NAMES.before),
    shared,
  );
  const logits = weights.linear(adapted(mixed, PLANNER_NAMES.after), PLANNER_NAMES.out);
  return graph.op('Squeeze', [logits, graph.i64([1])]);
}

/** The head alone, for decoding: its tensors are inputs under their own names. */
export function buildPlanner(shape: DenoiserShape): Graph {
  const graph = new Graph();
  const weights = new InputWeights(graph, plannerParameters(shape));
  const pairs = shape.headDim / 2;
  const logits = plannerLogits(graph, shape, weights, {
    hidden: graph.input(PLANNER.hidden, 'f32', ['planned', shape.hiddenSize]),
    cos: graph.input(PLANNER.cos, 'f32', ['planned', pairs]),
    sin: graph.input(PLANNER.sin, 'f32', ['planned', pairs]),
  });
  graph.output(PLANNER.logits, logits, 'f32', ['planned']);
  return graph;
}

/** QuickGelu is x·sigmoid(αx): with α = 1 it is SiLU. */
function silu(graph: Graph, x: Value): Value {
  return graph.contrib('QuickGelu', [x], { alpha: { float: 1 } });
}
