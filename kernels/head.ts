import type { Graph, Value } from './graph.ts';
import { linear, type Matrix, type Precision, settle } from './linear/linear.ts';
import type { DenoiserShape } from './shape.ts';

/** Names of what the heads take and give. */
export const HEAD = {
  /** How many of the best tokens of a row are wanted, i64 [1]. */
  count: 'count',
  topIds: 'top_ids',
  topLogits: 'top_logits',
  logSumExp: 'log_sum_exp',
  /** Of how many of the selected rows, the first ones, the entropy is wanted, i64 [1]. */
  entropyCount: 'entropy_count',
  entropy: 'entropy',
  /** Tokens whose logits are wanted, as places among the logits of all selected rows in order, i64 [scored]. */
  scored: 'scored',
  scoredLogits: 'scored_logits',
  logits: 'logits',
} as const;

/** What follows the last layer: turns normed hidden states, [selected, hiddenSize], into outputs of the graph. */
export type Head = (graph: Graph, hidden: Value, output: HeadMatrix, shape: DenoiserShape) => void;

/** The matrix that gives logits, and how to multiply by it. */
export interface HeadMatrix {
  precision: Precision;
  matrix: Matrix;
}

/** Added to the product of a token that must never be emitted. Finite, because −∞ times a zero row factor is not a number. */
const NEVER = -1e30;

/** Whole logits: for comparison with golden files only, since they are megabytes a row. */
export const wholeLogits: Head = (graph, hidden, { precision, matrix }, shape) => {
  const logits = linear(graph, precision, precision.prepareNormed(graph, hidden), matrix);
  graph.output(HEAD.logits, logits, 'f32', ['selected', shape.vocabSize]);
};

/**
 * The best tokens of every row, ids i32 and logits f32 [selected, count], and log Σ exp of all its logits,
 * f32 [selected]. `suppressed` tokens take no part in either. On demand the entropy of its softmax, f32
 * [entropy_count]: a sum over the vocabulary that most forwards have no use for; and the logits of given tokens, f32
 * [scored].
 */
export function bestTokens(suppressed: readonly number[]): Head {
  return (graph, hidden, { precision, matrix }, shape) => {
    const offset = suppressed.length > 0 ? penalties(graph, suppressed, shape) : undefined;
    const logits = settle(
      graph,
      precision.multiply(graph, precision.prepareNormed(graph, hidden), matrix, offset),
    );
    const count = graph.input(HEAD.count, 'i64', [1]);
    const [top, ids] = graph.ops('TopK', [logits, count], { axis: 1 }, 2);
    const largest = graph.op('Slice', [top, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
    // Spelt out: the runtime's ReduceLogSumExp is five times slower than these four.
    const relative = graph.op('Sub', [logits, largest]);
    const exponentials = graph.op('Exp', [relative]);
    const sum = graph.op('ReduceSum', [exponentials, graph.i64([1])], { keepdims: 1 });
    const logSum = graph.op('Log', [sum]);
    const logSumExp = graph.op('Squeeze', [graph.op('Add', [logSum, largest]), graph.i64([1])]);
    graph.output(HEAD.topIds, graph.op('Cast', [ids], { to: 6 }), 'i32', ['selected', 'count']);
    graph.output(HEAD.topLogits, top, 'f32', ['selected', 'count']);
    graph.output(HEAD.logSumExp, logSumExp, 'f32', ['selected']);
    const scored = graph.input(HEAD.scored, 'i64', [HEAD.scored]);
    const flat = graph.op('Reshape', [logits, graph.i64([-1])]);
    graph.output(HEAD.scoredLogits, graph.op('Gather', [flat, scored], { axis: 0 }), 'f32', [HEAD.scored]);
    graph.output(HEAD.entropy, entropy(graph, { relative, exponentials, sum, logSum }), 'f32', [
      HEAD.entropyCount,
    ]);
  };
}

/** log s − Σ e·r / s of the first rows, r being logits less the row's largest, e = exp r and s = Σ e. */
function entropy(graph: Graph, rows: Record<'relative' | 'exponentials' | 'sum' | 'logSum', Value>): Value {
  const count = graph.input(HEAD.entropyCount, 'i64', [1]);
  const first = (value: Value) => graph.op('Slice', [value, graph.i64([0]), count, graph.i64([0])]);
  const products = graph.op('Mul', [first(rows.exponentials), first(rows.relative)]);
  const weighted = graph.op('ReduceSum', [products, graph.i64([1])], { keepdims: 1 });
  const mean = graph.op('Div', [weighted, first(rows.sum)]);
  return graph.op('Squeeze', [graph.op('Sub', [first(rows.logSum), mean]), graph.i64([1])]);
}

/** What is added to the logits: a number that takes `suppressed` tokens out of every softmax, f32 [vocabSize]. */
export function penalties(graph: Graph, suppressed: readonly number[], shape: DenoiserShape): Value {
  const values = new Float32Array(shape.vocabSize);
  for (const id of suppressed) values[id] = NEVER;
  return graph.f32(values);
}
