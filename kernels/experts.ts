import { type FeedForwardMatrices, feedForward } from './feed-forward.ts';
import type { ForwardAdapters } from './forward-adapters.ts';
import type { Graph, Value } from './graph.ts';
import type { Precision } from './linear/linear.ts';
import { toF32 } from './linear/stored.ts';
import type { Experts } from './shape.ts';
import type { WeightLocation } from './weights.ts';

export interface ExpertMatrices {
  /** Of every expert, in order. */
  networks: readonly FeedForwardMatrices[];
  shared?: FeedForwardMatrices;
  /** [count, hidden] */
  router: WeightLocation;
  /** [count], with `choiceBias`. */
  choiceBias?: WeightLocation;
  adapters?: ForwardAdapters;
}

/** Never chosen: below every score with its bias. */
const EXCLUDED = -1e30;

/**
 * Σ over the chosen experts of weight · network(x), and the shared network's output; x [rows, hidden] as an RMS norm
 * gives it. An expert computes its own rows only. kernels/naive-experts.ts is the oracle.
 */
export function experts(
  graph: Graph,
  precision: Precision,
  x: Value,
  shape: Experts,
  matrices: ExpertMatrices,
): Value {
  const { networks, shared, adapters } = matrices;
  const weights = routes(graph, x, shape, matrices);
  // A further row, which every expert takes with weight 0: not every operator can do with no rows at all.
  const rest = (value: number) => graph.f32(Array<number>(shape.count).fill(value), [1, shape.count]);
  const columns = (last: number) =>
    graph.ops(
      'Split',
      [graph.op('Concat', [weights, rest(last)], { axis: 0 })],
      { axis: 1, num_outputs: shape.count },
      shape.count,
    );
  const [taken, shares] = [columns(1), columns(0)];
  const hiddenSize = matrices.router.dims[1];
  const padding = graph.f32(new Float32Array(hiddenSize), [1, hiddenSize]);
  const padded = graph.op('Concat', [x, padding], { axis: 0 });
  let sum = shared ? feedForward(graph, precision, padded, shared, adapters) : zeros(graph, padded);
  for (const [i, network] of networks.entries()) {
    // [row, 0] of every weight that is not zero → the rows, [n, 1].
    const places = graph.op('Transpose', [graph.op('NonZero', [taken[i]])], { perm: [1, 0] });
    const rows = graph.op('Slice', [places, graph.i64([0]), graph.i64([1]), graph.i64([1])]);
    const output = feedForward(graph, precision, graph.op('GatherND', [padded, rows]), network, adapters);
    const share = graph.op('Mul', [output, graph.op('GatherND', [shares[i], rows])]);
    sum = graph.op('ScatterND', [sum, rows, share], { reduction: 'add' });
  }
  return graph.op('Slice', [sum, graph.i64([0]), graph.i64([-1]), graph.i64([0])]);
}

/** Weights of the experts in every row, [rows, count]; 0 for those that are not chosen. */
function routes(graph: Graph, x: Value, shape: Experts, { router, choiceBias }: ExpertMatrices): Value {
  const products = graph.op('Gemm', [x, toF32(graph, graph.weight(router), router)], { transB: 1 });
  const scores =
    shape.score === 'sigmoid'
      ? graph.op('Sigmoid', [products])
      : graph.op('Softmax', [products], { axis: 1 });
  const biased =
    choiceBias === undefined
      ? scores
      : graph.op('Add', [scores, toF32(graph, graph.weight(choiceBias), choiceBias)]);
  const eligible = shape.groups > 1 ? withinBestGroups(graph, biased, shape) : biased;
  const [, chosen] = graph.ops('TopK', [eligible, graph.i64([shape.chosen])], { axis: 1 }, 2);
  let weights = graph.op('GatherElements', [scores, chosen], { axis: 1 });
  if (shape.normalized) {
    const total = graph.op('ReduceSum', [weights, graph.i64([1])], { keepdims: 1 });
    weights = graph.op('Div', [weights, total]);
  }
  if (shape.scale !== 1) weights = graph.op('Mul', [weights, graph.f32([shape.scale], [])]);
  return graph.op('ScatterElements', [zeros(graph, scores), chosen, weights], { axis: 1 });
}

/** The scores with those outside the best groups replaced by one that is never chosen. */
function withinBestGroups(graph: Graph, scores: Value, { count, groups, chosenGroups }: Experts): Value {
  const grouped = graph.op('Reshape', [scores, graph.i64([-1, groups, count / groups])]);
  const [best] = graph.ops('TopK', [grouped, graph.i64([2])], { axis: 2 }, 2);
  const groupScores = graph.op('ReduceSum', [best, graph.i64([2])], { keepdims: 0 });
  const [bestGroups] = graph.ops('TopK', [groupScores, graph.i64([chosenGroups])], { axis: 1 }, 2);
  const least = graph.op('Slice', [bestGroups, graph.i64([-1]), graph.i64([chosenGroups]), graph.i64([1])]);
  const closed = graph.op('Unsqueeze', [graph.op('Less', [groupScores, least]), graph.i64([2])]);
  const kept = graph.op('Where', [closed, graph.f32([EXCLUDED], []), grouped]);
  return graph.op('Reshape', [kept, graph.i64([-1, count])]);
}

function zeros(graph: Graph, like: Value): Value {
  return graph.op('Mul', [like, graph.f32([0], [])]);
}
