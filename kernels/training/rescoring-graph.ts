import { differentiate } from '../autodiff.ts';
import { Graph } from '../graph.ts';
import { headName } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightTable } from '../weights.ts';
import { TrainingWeights } from './parameters.ts';
import { chainedStates, type SamplerHeadPlan } from './sampler-head.ts';
import { TRAINING, type TrainingGraph } from './training-graph.ts';

/** Names of what goes in; parameters go in under their own names, loss and gradients come out as of a training graph. */
export const RESCORING = {
  hidden: 'hidden',
  candidates: 'candidates',
  labels: 'labels',
  previous: 'previous',
} as const;

/**
 * A sampler head under training without its network: −Σ labels·log softmax(z·E[candidates]) over rows whose hidden
 * states are known, z as in `chainedStates`. Only a row's candidates compete, as when decoding rescores them. Inputs:
 * hidden f32 [rows, hiddenSize]; candidates i64 and labels f32, both [rows, candidates]; previous i64 [rows]; every
 * parameter. Outputs: the loss, f32 [], and the gradient of every parameter.
 */
export function buildRescoringGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  samplerHead: SamplerHeadPlan,
): TrainingGraph {
  const graph = new Graph();
  const weights = new TrainingWeights(graph, stored, { tensors: new Set(), samplerHead });
  const hidden = graph.input(RESCORING.hidden, 'f32', ['rows', shape.hiddenSize]);
  const candidates = graph.input(RESCORING.candidates, 'i64', ['rows', 'candidates']);
  const labels = graph.input(RESCORING.labels, 'f32', ['rows', 'candidates']);
  const previous = graph.input(RESCORING.previous, 'i64', ['rows']);

  const states = chainedStates(graph, weights, samplerHead, hidden, shape.hiddenSize, { previous });
  const outputs = graph.op('Gather', [weights.tensor(`${headName(shape)}.weight`), candidates], { axis: 0 });
  const middle = graph.i64([1]);
  const scores = graph.contrib('FusedMatMul', [graph.op('Unsqueeze', [states, middle]), outputs], {
    transB: 1,
  });
  const logProbabilities = graph.op('LogSoftmax', [graph.op('Squeeze', [scores, middle])], { axis: -1 });
  const weighted = graph.op('Mul', [logProbabilities, labels]);
  const loss = graph.op('Neg', [graph.op('ReduceSum', [weighted, graph.i64([0, 1])], { keepdims: 0 })]);

  const parameters = weights.trained;
  const names = parameters.map(({ name }) => name);
  const gradients = differentiate(graph, loss, names);
  graph.output(TRAINING.loss, loss, 'f32', []);
  for (const { name, dims } of parameters) {
    graph.output(TRAINING.gradient(name), gradients.get(name)!, 'f32', dims);
  }
  graph.prune();
  return { graph, parameters };
}
