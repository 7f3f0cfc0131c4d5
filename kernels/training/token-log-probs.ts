import type { Graph, Value } from '../graph.ts';
import { penalties } from '../head.ts';
import { headName } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import { detached } from './detached.ts';
import type { TrainingWeights } from './parameters.ts';

/** Added to the score of a place that pads a list of candidates. */
export const PADDED = -1e30;
/** Less probable than any token, and still a number in single precision. */
const NOTHING = 1e-30;

export interface TokenLogProbsInputs {
  /** The token, or its place in the list, i64 [selected]. */
  target: Value;
  /** f32 [1] */
  inverseTemperature: Value;
  /** Competing tokens, i64 [selected, candidates], and 0 or PADDED for each, f32 of the same size. */
  listed?: { ids: Value; padding: Value };
  /** How many of a row's best tokens compete, and which rows decided no token. Without either all tokens compete. */
  best?: { count: number; stayed: StayedInputs };
}

/** Rows of positions that stayed masked: log Σ p over the tokens less probable than a bound. */
export interface StayedInputs {
  /** 1 for such a row, otherwise 0, f32 [selected]. */
  flag: Value;
  /** log of the bound, f32 [selected]; 0 where it is the probability that another row gives its token. */
  bound: Value;
  /** Whether it is, 1 or 0, f32 [selected], and which row that is, i64 [selected]. */
  forced: Value;
  forcedBy: Value;
}

/**
 * log p of a token at a temperature for every row of normed states, [selected, hiddenSize] → f32 [selected]. `suppressed`
 * tokens never compete where they are not listed.
 */
export function tokenLogProbs(
  graph: Graph,
  weights: TrainingWeights,
  shape: DenoiserShape,
  states: Value,
  suppressed: readonly number[],
  { target, inverseTemperature, listed, best }: TokenLogProbsInputs,
): Value {
  const head = headName(shape);
  const scaled = (scores: Value) => graph.op('Mul', [scores, inverseTemperature]);
  const pick = (values: Value) =>
    column(
      graph,
      graph.op('GatherElements', [values, graph.op('Unsqueeze', [target, graph.i64([1])])], { axis: -1 }),
    );
  if (listed) {
    // A few rows of the head are gathered for each state in place of a product with all of it.
    const rows = graph.op('Gather', [weights.tensor(`${head}.weight`), listed.ids], { axis: 0 });
    const columns = graph.op('Unsqueeze', [states, graph.i64([2])]);
    const products = graph.op('Squeeze', [graph.op('MatMul', [rows, columns]), graph.i64([2])]);
    return pick(graph.op('LogSoftmax', [scaled(graph.op('Add', [products, listed.padding]))], { axis: -1 }));
  }
  const logits = weights.linear(states, head);
  const allowed = suppressed.length > 0 ? penalties(graph, suppressed, shape) : undefined;
  const scores = scaled(allowed ? graph.op('Add', [logits, allowed]) : logits);
  if (!best) return pick(graph.op('LogSoftmax', [scores], { axis: -1 }));
  const count = graph.i64([Math.min(best.count, shape.vocabSize - new Set(suppressed).size)]);
  const [, places] = graph.ops('TopK', [scores, count], { axis: -1 }, 2);
  const competing = graph.op('GatherElements', [scores, places], { axis: -1 });
  const all = graph.op('LogSoftmax', [competing], { axis: -1 });
  const first = (values: Value) =>
    column(graph, graph.op('Slice', [values, graph.i64([0]), graph.i64([1]), graph.i64([1])]));
  const logSumExp = graph.op('Sub', [first(competing), first(all)]);
  return withStayed(graph, all, graph.op('Sub', [pick(scores), logSumExp]), best.stayed);
}

/** `all` are the log-probabilities of each row's competing tokens, `ofToken` those of the targets. */
function withStayed(
  graph: Graph,
  all: Value,
  ofToken: Value,
  { flag, bound, forced, forcedBy }: StayedInputs,
): Value {
  const others = graph.op('Gather', [detached(graph, ofToken), forcedBy], { axis: 0 });
  const limit = graph.op('Add', [bound, graph.op('Mul', [forced, others])]);
  const atLeast = graph.op('LessOrEqual', [graph.op('Unsqueeze', [limit, graph.i64([1])]), all]);
  const below = graph.op('Sub', [graph.f32([1]), graph.op('Cast', [atLeast], { to: 1 })]);
  const mass = graph.op('ReduceSum', [graph.op('Mul', [graph.op('Exp', [all]), below]), graph.i64([1])], {
    keepdims: 0,
  });
  const ofMass = graph.op('Log', [graph.op('Max', [mass, graph.f32([NOTHING])])]);
  const tokens = graph.op('Mul', [ofToken, graph.op('Sub', [graph.f32([1]), flag])]);
  return graph.op('Add', [tokens, graph.op('Mul', [ofMass, flag])]);
}

/** [selected, 1] → [selected]. */
function column(graph: Graph, values: Value): Value {
  return graph.op('Squeeze', [values, graph.i64([1])]);
}
