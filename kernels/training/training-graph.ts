import { differentiate } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { headName } from '../names.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightTable } from '../weights.ts';
import type { ChunkInputs } from './attention.ts';
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
  chunk: (number: number) => ({
    rows: `rows${number}`,
    columns: `columns${number}`,
    mask: `mask${number}`,
  }),
  select: 'select',
  target: 'target',
  weight: 'weight',
  teacher: 'teacher',
  softWeight: 'soft_weight',
  path: 'path_weight',
  certainty: 'certainty_weight',
  gate: 'gate',
  previous: 'previous',
  chained: 'chained',
  loss: 'loss',
  /** Best token of every selected row, of a graph that only predicts. */
  best: 'best',
  /** Log-probability of every selected row's target, f32 [selected]. */
  logProbabilities: 'log_probabilities',
  gradient: (parameter: string) => `gradient:${parameter}`,
} as const;

/** Into how many chunks the rows of a batch are cut, see `attentionChunks`. */
export const ATTENTION_CHUNKS = 4;

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
  /** The path term of `crossEntropy`; adds the input path_weight. */
  path?: boolean;
  /** Certainty forcing, see `crossEntropy`; adds the input certainty_weight. */
  certainty?: { temperature: number };
}

/**
 * Loss and gradients of a batch of rows. Inputs: ids i64 [rows]; cos, sin and chunks as AttentionInputs says; select
 * i64 [selected], the rows whose predictions count; target i64 and weight f32 [selected]; where the plan has a sampler
 * head, previous and chained as ChainInputs says; where its adapters are gated, gate f32 [rows, 1]; every parameter.
 * Outputs: the loss, f32 [], see `crossEntropy`; log_probabilities; the gradient of every parameter. A policy that is
 * only scored has no loss and no gradients.
 */
export function buildTrainingGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
  options: TrainingGraphOptions = {},
): TrainingGraph {
  const graph = new Graph();
  const { weights, states, layers } = selectedRows(graph, shape, stored, plan);
  const target = graph.input(TRAINING.target, 'i64', ['selected']);

  const { loss, logProbabilities } = options.policy
    ? policyObjective(graph, weights, shape, states, target, options.policy)
    : supervised(graph, weights.linear(states, headName(shape)), shape, target, options);

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
  logits: Value,
  shape: DenoiserShape,
  target: Value,
  options: TrainingGraphOptions,
): Loss {
  const weight = graph.input(TRAINING.weight, 'f32', ['selected']);
  const soft = options.softLabels && {
    teacher: graph.input(TRAINING.teacher, 'i64', ['selected']),
    weight: graph.input(TRAINING.softWeight, 'f32', ['selected']),
    temperature: options.softLabels.temperature,
  };
  const certainty = options.certainty && {
    weight: graph.input(TRAINING.certainty, 'f32', ['selected']),
    temperature: options.certainty.temperature,
  };
  return crossEntropy(graph, logits, shape.vocabSize, {
    target,
    weight,
    ...(soft && { soft }),
    ...(options.path && { path: graph.input(TRAINING.path, 'f32', ['selected']) }),
    ...(certainty && { certainty }),
  });
}

/** The best token of every selected row by the network under training: best i64 [selected]. Inputs as above. */
export function buildPredictionGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
): TrainingGraph {
  const graph = new Graph();
  const { weights, states } = selectedRows(graph, shape, stored, plan);
  const logits = weights.linear(states, headName(shape));
  const best = graph.ops('TopK', [logits, graph.i64([1])], { axis: -1 }, 2)[1];
  graph.output(TRAINING.best, graph.op('Squeeze', [best, graph.i64([1])]), 'i64', ['selected']);
  return { graph, parameters: weights.trained };
}

/** The states of some of the network's rows that give the logits, [selected, size], and the nodes of every layer. */
function selectedRows(graph: Graph, shape: DenoiserShape, stored: WeightTable, plan: TrainingPlan) {
  const gate = plan.adapters?.gated ? graph.input(TRAINING.gate, 'f32', ['rows', 1]) : undefined;
  const weights = new TrainingWeights(graph, stored, plan, gate);
  const ids = graph.input(TRAINING.ids, 'i64', ['rows']);
  const pairs = shape.headDim / 2;
  const group = shape.heads / shape.kvHeads;
  const shared = {
    cos: graph.input(TRAINING.cos, 'f32', ['rows', pairs]),
    sin: graph.input(TRAINING.sin, 'f32', ['rows', pairs]),
    chunks: Array.from({ length: ATTENTION_CHUNKS }, (_, number) => chunkInputs(graph, number, group)),
  };
  const select = graph.input(TRAINING.select, 'i64', ['selected']);
  const { hidden: all, layers } = network(graph, shape, weights, ids, shared);
  const hidden = graph.op('Gather', [all, select], { axis: 0 });
  const states = plan.samplerHead
    ? chainedStates(graph, weights, plan.samplerHead, hidden, shape.hiddenSize, {
        previous: graph.input(TRAINING.previous, 'i64', ['selected']),
        chained: graph.input(TRAINING.chained, 'f32', ['selected']),
      })
    : hidden;
  return { weights, states, layers };
}

function chunkInputs(graph: Graph, number: number, group: number): ChunkInputs {
  const { rows, columns, mask } = TRAINING.chunk(number);
  return {
    rows: graph.input(rows, 'i64', [rows]),
    columns: graph.input(columns, 'i64', [columns]),
    mask: graph.input(mask, 'f32', [1, group === 1 ? rows : `${group}*${rows}`, columns]),
  };
}
