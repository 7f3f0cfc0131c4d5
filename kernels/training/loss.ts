import type { Graph, Value } from '../graph.ts';

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
}

export interface Loss {
  /** f32 [] */
  loss: Value;
  /** log p(target), f32 [selected]. */
  logProbabilities: Value;
}

/**
 * Σ weight·(−log p(target)) over the rows of logits, [selected, vocabSize]. With soft labels plus
 * Σ weight·(−Σ q(v)·log p(v)), where q are the probabilities of the teacher's best tokens at a temperature,
 * scaled to a sum of 1; a teacher learns nothing from its students.
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
  const sum = graph.op('ReduceSum', [graph.op('Mul', [picked, weights]), graph.i64([0, 1])], { keepdims: 0 });
  const ofTarget = graph.op('Slice', [picked, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
  return {
    loss: graph.op('Neg', [sum]),
    logProbabilities: graph.op('Squeeze', [ofTarget, graph.i64([1])]),
  };
}
