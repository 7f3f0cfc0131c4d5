import type { Graph, Value } from '../graph.ts';
import { NAMES } from '../names.ts';
import type { Parameter, TrainingWeights } from './parameters.ts';

/** The sampler head under training, see kernels/naive-sampler-head.ts. */
export interface SamplerHeadPlan {
  /** Width of the layer between the two matrices. */
  inner: number;
  /** The factor on the embedding of the previous token. */
  embeddingScale: number;
}

/** The trained tensors in the order w1, b1, w2, b2; size is the width of the network. */
export function samplerHeadParameters(
  size: number,
  inner: number,
): [Parameter, Parameter, Parameter, Parameter] {
  return [
    { name: 'sampler_head.w1.weight', dims: [inner, 2 * size] },
    { name: 'sampler_head.w1.bias', dims: [inner] },
    { name: 'sampler_head.w2.weight', dims: [size, inner] },
    { name: 'sampler_head.w2.bias', dims: [size] },
  ];
}

/** Which of the selected rows are chained to the token before theirs. */
export interface ChainInputs {
  /** The token chosen for the position before, i64 [selected]; any token where the row is not chained. */
  previous: Value;
  /** 1 where the row is chained, otherwise 0, f32 [selected]; missing: all are. */
  chained?: Value;
}

/**
 * The states that give the logits, [selected, size]: of a chained row
 * z = h + W2·silu(W1·[h; s·E[previous]] + b1) + b2, of another its own h.
 */
export function chainedStates(
  graph: Graph,
  weights: TrainingWeights,
  { inner, embeddingScale }: SamplerHeadPlan,
  hidden: Value,
  size: number,
  { previous, chained }: ChainInputs,
): Value {
  const [w1, b1, w2, b2] = samplerHeadParameters(size, inner).map((parameter) => weights.train(parameter));
  const embedding = weights.tensor(`${NAMES.embedding}.weight`);
  const before = graph.op('Mul', [
    graph.op('Gather', [embedding, previous], { axis: 0 }),
    graph.f32([embeddingScale]),
  ]);
  const input = graph.op('Concat', [hidden, before], { axis: 1 });
  const activated = graph.contrib('QuickGelu', [graph.op('Gemm', [input, w1, b1], { transB: 1 })], {
    alpha: { float: 1 },
  });
  const change = graph.op('Gemm', [activated, w2, b2], { transB: 1 });
  if (chained === undefined) return graph.op('Add', [hidden, change]);
  const column = graph.op('Unsqueeze', [chained, graph.i64([1])]);
  return graph.op('Add', [hidden, graph.op('Mul', [change, column])]);
}
