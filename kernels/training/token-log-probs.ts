import type { Graph, Value } from '../graph.ts';
import { penalties } from '../head.ts';
import { NAMES } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import type { TrainingWeights } from './parameters.ts';

/** Added to the score of a place that pads a list of candidates. */
export const PADDED = -1e30;

export interface TokenLogProbsInputs {
  /** The token, or its place among the candidates, i64 [selected]. */
  target: Value;
  /** f32 [1] */
  inverseTemperature: Value;
  /**
   * What the token was chosen among, i64 [selected, candidates], and 0 or PADDED for each, f32 of the same size; missing: all
   * tokens but `suppressed` ones.
   */
  candidates?: { ids: Value; padding: Value };
  suppressed: readonly number[];
}

/** log p of a token at a temperature for every row of normed states, [selected, hiddenSize] → f32 [selected]. */
export function tokenLogProbs(
  graph: Graph,
  weights: TrainingWeights,
  shape: DenoiserShape,
  states: Value,
  { target, inverseTemperature, candidates, suppressed }: TokenLogProbsInputs,
): Value {
  const head = shape.tiedHead ? NAMES.embedding : NAMES.head;
  let scores: Value;
  if (candidates) {
    // A few rows of the head are gathered for each state in place of a product with all of it.
    const rows = graph.op('Gather', [weights.tensor(`${head}.weight`), candidates.ids], { axis: 0 });
    const columns = graph.op('Unsqueeze', [states, graph.i64([2])]);
    const products = graph.op('Squeeze', [graph.op('MatMul', [rows, columns]), graph.i64([2])]);
    scores = graph.op('Add', [products, candidates.padding]);
  } else {
    const logits = weights.linear(states, head);
    scores =
      suppressed.length === 0 ? logits : graph.op('Add', [logits, penalties(graph, suppressed, shape)]);
  }
  const all = graph.op('LogSoftmax', [graph.op('Mul', [scores, inverseTemperature])], { axis: -1 });
  const place = graph.op('Unsqueeze', [target, graph.i64([1])]);
  return graph.op('Squeeze', [graph.op('GatherElements', [all, place], { axis: -1 }), graph.i64([1])]);
}
