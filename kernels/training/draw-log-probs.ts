import type { Graph, Value } from '../graph.ts';

/** Added to the score of an item that takes no part in a draw. */
export const ABSENT = -1e30;

/** Actions as sequences of draws; in each one item is drawn, in proportion to exp(score), among some of the items. */
export interface DrawInputs {
  /** 0 for the items of every draw, ABSENT for others, f32 [actions, draws, items + 1]; the last one is the stop item. */
  among: Value;
  /** The item that was drawn, i64 [actions, draws, 1]. */
  drawn: Value;
  /** 1, or 0 for draws that fill up, f32 [actions, draws]. */
  counts: Value;
}

/**
 * log-probability of every action, f32 [actions], from the scores of its items, f32 [actions, items]; the stop item has
 * score 0. Every unmasking of server/decode/unmasking/ is such a sequence: σ(u) is a draw between an item and the stop.
 */
export function drawLogProbs(graph: Graph, scores: Value, { among, drawn, counts }: DrawInputs): Value {
  const first = graph.op('Slice', [scores, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
  const stop = graph.op('Mul', [first, graph.f32([0])]);
  const items = graph.op('Unsqueeze', [graph.op('Concat', [scores, stop], { axis: 1 }), graph.i64([1])]);
  const all = graph.op('LogSoftmax', [graph.op('Add', [among, items])], { axis: -1 });
  const each = graph.op('Squeeze', [graph.op('GatherElements', [all, drawn], { axis: -1 }), graph.i64([2])]);
  return graph.op('ReduceSum', [graph.op('Mul', [each, counts]), graph.i64([1])], { keepdims: 0 });
}
