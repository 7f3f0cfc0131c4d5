import type { Graph, Value } from '../graph.ts';
import type { Loss } from './loss.ts';

/** Names of what decisions are fed as, see DecisionInputs. */
export const DECISIONS = {
  row: 'decision_row',
  sign: 'decision_sign',
  sole: 'decision_sole',
  rivals: 'decision_rivals',
  own: 'decision_own',
} as const;

/** Decisions of a planner: whether a position was revealed. */
export interface DecisionInputs {
  /** The row that decided, i64 [selected]. */
  row: Value;
  /** 1: revealed, −1: left masked, 0: nobody decided, f32 [selected]. */
  sign: Value;
  /** Where the best position is revealed if none is drawn; missing where nothing is forced. */
  forced?: {
    /** Whether the position is the only one that its step revealed, 1 or 0, f32 [selected]. */
    sole: Value;
    /** The rows that decided in this step, in order, the last one again and again at the end, i64 [selected, most]. */
    rivals: Value;
    /** The position's own place among them, i64 [selected, 1]. */
    own: Value;
  };
}

/**
 * log-probability of every decision, f32 [selected], from the numbers of the rows, f32 [planned]: log σ(sign · number),
 * 0 where nobody decided. A step that reveals its best position alone is reached by drawing it and by drawing none, so
 * that this position's own number does not count. Sums over a step are log-probabilities of what the step revealed:
 * those of server/decode/unmasking/bernoulli.ts.
 */
export function decisionLogProbs(graph: Graph, logits: Value, { row, sign, forced }: DecisionInputs): Value {
  const own = graph.op('Mul', [graph.op('Gather', [logits, row], { axis: 0 }), sign]);
  const column = graph.op('Unsqueeze', [own, graph.i64([1])]);
  const none = graph.op('Mul', [column, graph.f32([0])]);
  const both = graph.op('LogSoftmax', [graph.op('Concat', [column, none], { axis: 1 })], { axis: -1 });
  const first = (value: Value) => graph.op('Slice', [value, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
  const logSigmoid = graph.op('Squeeze', [first(both), graph.i64([1])]);
  const decided = graph.op('Mul', [logSigmoid, graph.op('Mul', [sign, sign])]);
  if (!forced) return decided;
  const rivals = graph.op('Gather', [logits, forced.rivals], { axis: 0 });
  const best = graph.ops('TopK', [rivals, graph.i64([1])], { axis: -1 }, 2)[1];
  const isBest = graph.op('Cast', [graph.op('Equal', [best, forced.own])], { to: 1 });
  const settled = graph.op('Mul', [graph.op('Squeeze', [isBest, graph.i64([1])]), forced.sole]);
  return graph.op('Mul', [decided, graph.op('Sub', [graph.f32([1]), settled])]);
}

/** The inputs that say what was decided. */
export function decisionInputs(graph: Graph, forced: boolean): DecisionInputs {
  return {
    row: graph.input(DECISIONS.row, 'i64', ['selected']),
    sign: graph.input(DECISIONS.sign, 'f32', ['selected']),
    ...(forced && {
      forced: {
        sole: graph.input(DECISIONS.sole, 'f32', ['selected']),
        rivals: graph.input(DECISIONS.rivals, 'i64', ['selected', 'rivals']),
        own: graph.input(DECISIONS.own, 'i64', ['selected', 1]),
      },
    }),
  };
}

/** Σ weight·(−log p(decision)), weight f32 [selected]: the cross-entropy over decisions that somebody else made. */
export function imitation(graph: Graph, logits: Value, weight: Value): Loss {
  const logProbabilities = decisionLogProbs(graph, logits, decisionInputs(graph, false));
  const weighted = graph.op('Mul', [logProbabilities, weight]);
  const loss = graph.op('Neg', [graph.op('ReduceSum', [weighted, graph.i64([0])], { keepdims: 0 })]);
  return { loss, logProbabilities };
}
