import { DTYPE, type Graph, type Value } from '../graph.ts';

/** Tokens of a teacher that its student learns from. */
const SOFT_TOKENS = 16;

export interface LossInputs {
  /** Token that every selected row should give, i64 [selected], and the weight of that, f32 [selected]. */
  target: Value;
  weight: Value;
  /** Soft labels, where the graph has them. */
  soft?: {
    /** Which selected row a row learns from, by its place among the selected ones, i64 [selected]. */
    teacher: Value;
    /** The weight of that, f32 [selected]. */
    weight: Value;
    /** Log-probabilities of the teacher are divided by it: below 1 its best token counts for more. */
    temperature: number;
  };
  /** Weight of the path term, f32 [selected]. */
  path?: Value;
  /** Certainty forcing: the weight of it, f32 [selected], and the temperature of the probabilities. */
  certainty?: { weight: Value; temperature: number };
}

export interface Loss {
  /** f32 [] */
  loss: Value;
  /** log p(target), f32 [selected]. */
  logProbabilities: Value;
}

/**
 * Σ weight·(−log p(target)) over the rows of logits, [selected, vocabSize], plus
 * - soft labels: Σ weight·(−Σ q(v)·log p(v)), where q are the probabilities of the teacher's best tokens at a
 *   temperature, scaled to a sum of 1; a teacher learns nothing from its students;
 * - path: Σ weight·p(target)·(−log p(target)), where p(target) counts as a constant;
 * - certainty: Σ weight·`entropyWhereRight`.
 */
export function crossEntropy(graph: Graph, logits: Value, vocabSize: number, inputs: LossInputs): Loss {
  const all = graph.op('LogSoftmax', [logits], { axis: -1 });
  const column = (value: Value) => graph.op('Unsqueeze', [value, graph.i64([1])]);
  let places = column(inputs.target);
  let weights = column(inputs.weight);
  if (inputs.soft) {
    const count = graph.i64([Math.min(SOFT_TOKENS, vocabSize)]);
    const [best, tokens] = graph.ops('TopK', [all, count], { axis: -1 }, 2);
    const ofTeacher = (value: Value) => graph.op('Gather', [value, inputs.soft!.teacher], { axis: 0 });
    // At temperature 1 the softmax of log-probabilities are the probabilities again, scaled.
    const cooled = graph.op('Mul', [ofTeacher(best), graph.f32([1 / inputs.soft.temperature])]);
    const shares = graph.op('Softmax', [cooled], { axis: -1 });
    places = graph.op('Concat', [places, ofTeacher(tokens)], { axis: 1 });
    const softWeights = graph.op('Mul', [shares, column(inputs.soft.weight)]);
    weights = graph.op('Concat', [weights, softWeights], { axis: 1 });
  }
  const picked = graph.op('GatherElements', [all, places], { axis: -1 });
  const ofTarget = graph.op('Slice', [picked, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
  let loss = graph.op('Neg', [total(graph, graph.op('Mul', [picked, weights]))]);
  if (inputs.path) {
    const share = graph.op('Mul', [graph.op('Exp', [constant(graph, ofTarget)]), column(inputs.path)]);
    loss = graph.op('Sub', [loss, total(graph, graph.op('Mul', [share, ofTarget]))]);
  }
  if (inputs.certainty) {
    const { weight, temperature } = inputs.certainty;
    const uncertainty = entropyWhereRight(graph, logits, column(inputs.target), temperature);
    loss = graph.op('Add', [loss, total(graph, graph.op('Mul', [uncertainty, column(weight)]))]);
  }
  return { loss, logProbabilities: graph.op('Squeeze', [ofTarget, graph.i64([1])]) };
}

/**
 * Certainty forcing (dParallel, arXiv 2509.26488): the entropy of the softmax of logits / temperature in rows whose
 * best token is the target, 0 in others, [selected, 1]. Right rows become surer, so that more are revealed at once.
 */
function entropyWhereRight(graph: Graph, logits: Value, target: Value, temperature: number): Value {
  const best = graph.ops('TopK', [logits, graph.i64([1])], { axis: -1 }, 2)[1];
  const right = graph.op('Cast', [graph.op('Equal', [best, target])], { to: DTYPE.f32 });
  const cooled = graph.op('Mul', [logits, graph.f32([1 / temperature])]);
  const all = graph.op('LogSoftmax', [cooled], { axis: -1 });
  const terms = graph.op('Mul', [graph.op('Exp', [all]), all]);
  const entropy = graph.op('Neg', [graph.op('ReduceSum', [terms, graph.i64([1])], { keepdims: 1 })]);
  return graph.op('Mul', [entropy, right]);
}

/** The sum of a matrix, f32 []. */
function total(graph: Graph, value: Value): Value {
  return graph.op('ReduceSum', [value, graph.i64([0, 1])], { keepdims: 0 });
}

/** A column, [rows, 1], through which nothing is differentiated: the best of each single element. */
function constant(graph: Graph, column: Value): Value {
  return graph.ops('TopK', [column, graph.i64([1])], { axis: -1 }, 2)[0];
}
