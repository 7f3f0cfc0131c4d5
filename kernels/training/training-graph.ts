import { differentiate } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { NAMES } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightTable } from '../weights.ts';
import { crossEntropy, type Loss } from './loss.ts';
import { network } from './network.ts';
import { type Parameter, type TrainingPlan, TrainingWeights } from './parameters.ts';
import { type PolicyOptions, policyObjective } from './policy-objective.ts';
import { chainedStates } from './sampler-head.ts';

/** Names of the tensors that go in and out of the training graph; parameters go in under their own names. */
export const TRAINING = {
  ids: 'ids',
  cos: 'cos',
  sin: 'sin',
  mask: 'mask',
  select: 'select',
  target: 'target',
  weight: 'weight',
  teacher: 'teacher',
  softWeight: 'soft_weight',
  previous: 'previous',
  chained: 'chained',
  loss: 'loss',
  /** Log-probability of every selected row's target, f32 [selected]. */
  logProbabilities: 'log_probabilities',
  gradient: (parameter: string) => `gradient:${parameter}`,
} as const;

export interface TrainingGraph {
  graph: Graph;
  parameters: readonly Parameter[];
}

export interface TrainingGraphOptions {
  /** Compute every layer again in the backward pass instead of keeping what is inside it: less memory, more time. */
  recompute?: boolean;
  /** Rows may learn from the predictions of others, see `crossEntropy`; adds the inputs teacher and soft_weight. */
  softLabels?: { temperature: number };
  /** Scores responses of a policy in place of the cross-entropy, with other inputs, see `policyObjective`. */
  policy?: PolicyOptions;
}

/**
 * Loss and gradients of a batch of rows. Inputs: ids i64 [rows]; cos, sin and mask as AttentionInputs says; select
 * i64 [selected], the rows whose predictions count; target i64 and weight f32 [selected]; where the plan has a sampler head,
 * previous and chained as ChainInputs says; every parameter. Outputs: the loss, f32 [], see `crossEntropy`;
 * log_probabilities; the gradient of every parameter.
 */
export function buildTrainingGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
  options: TrainingGraphOptions = {},
): TrainingGraph {
  const graph = new Graph();
  const weights = new TrainingWeights(graph, stored, plan);
  const ids = graph.input(TRAINING.ids, 'i64', ['rows']);
  const pairs = shape.headDim / 2;
  const group = shape.heads / shape.kvHeads;
  const shared = {
    cos: graph.input(TRAINING.cos, 'f32', ['rows', pairs]),
    sin: graph.input(TRAINING.sin, 'f32', ['rows', pairs]),
    mask: graph.input(TRAINING.mask, 'f32', [1, group === 1 ? 'rows' : `${group}*rows`, 'rows']),
  };
  const select = graph.input(TRAINING.select, 'i64', ['selected']);
  const target = graph.input(TRAINING.target, 'i64', ['selected']);

  const { hidden: all, layers } = network(graph, shape, weights, ids, shared);
  const hidden = graph.op('Gather', [all, select], { axis: 0 });
  const states = plan.samplerHead
    ? chainedStates(graph, weights, plan.samplerHead, hidden, shape.hiddenSize, {
        previous: graph.input(TRAINING.previous, 'i64', ['selected']),
        chained: graph.input(TRAINING.chained, 'f32', ['selected']),
      })
    : hidden;
  const { loss, logProbabilities } = options.policy
    ? policyObjective(graph, weights, shape, states, target, options.policy)
    : supervised(graph, weights, shape, states, target, options);

  const parameters = weights.trained;
  graph.output(TRAINING.logProbabilities, logProbabilities, 'f32', ['selected']);
  if (loss) {
    const gradients = differentiate(
      graph,
      loss,
      parameters.map(({ name }) => name),
      options.recompute ? layers : [],
    );
    graph.output(TRAINING.loss, loss, 'f32', []);
    for (const { name, dims } of parameters) {
      graph.output(TRAINING.gradient(name), gradients.get(name)!, 'f32', dims);
    }
  }
  graph.prune();
  return { graph, parameters };
}

function supervised(
  graph: Graph,
  weights: TrainingWeights,
  shape: DenoiserShape,
  states: Value,
  target: Value,
  { softLabels }: TrainingGraphOptions,
): Loss {
  const weight = graph.input(TRAINING.weight, 'f32', ['selected']);
  const logits = weights.linear(states, shape.tiedHead ? NAMES.embedding : NAMES.head);
  const soft = softLabels && {
    teacher: graph.input(TRAINING.teacher, 'i64', ['selected']),
    weight: graph.input(TRAINING.softWeight, 'f32', ['selected']),
    temperature: softLabels.temperature,
  };
  return crossEntropy(graph, logits, shape.vocabSize, { target, weight, ...(soft && { soft }) });
}
