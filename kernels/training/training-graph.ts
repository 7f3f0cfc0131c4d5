import { differentiate } from '../autodiff.ts';
import { reshapedDims } from '../dims.ts';
import { Graph, type Value } from '../graph.ts';
import { penalties } from '../head.ts';
import type { Precision } from '../linear/linear.ts';
import { headName } from '../names.ts';
import { PLANNER, plannerLogits, plannerParameters } from '../planner.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightTable } from '../weights.ts';
import type { AttentionInputs, ChunkInputs } from './attention.ts';
import { ATTENTION_CHUNKS, chunkParts } from './attention-chunks.ts';
import { imitation } from './decisions.ts';
import { frozenMatrices, multiplyAsEngine } from './engine-products.ts';
import { crossEntropy, type Loss } from './loss.ts';
import { network } from './network.ts';
import { reverseOutputs } from './output-order.ts';
import { InputWeights, type Parameter, type TrainingPlan, TrainingWeights } from './parameters.ts';
import { type PolicyOptions, policyObjective } from './policy-objective.ts';
import { chainedStates } from './sampler-head.ts';

/** Names of the tensors that go in and out of the training graph; parameters go in under their own names. */
export const TRAINING = {
  ids: 'ids',
  cos: 'cos',
  sin: 'sin',
  chunk: (number: number) => ({ columns: `columns${number}`, mask: `mask${number}` }),
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
  /** Its probability, f32 [selected]. */
  confidence: 'confidence',
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
  /** The path term of `crossEntropy`; adds the input path_weight. */
  path?: boolean;
  /** Certainty forcing, see `crossEntropy`; adds the input certainty_weight. */
  certainty?: { temperature: number };
  /** How the engine multiplies by the matrices of the layers: those that are frozen are multiplied so in the forward pass. */
  engine?: Precision;
}

/**
 * Loss and gradients of a batch of rows. Inputs: ids i64 [rows]; cos, sin and chunks as AttentionInputs says; select
 * i64 [selected], the rows whose predictions count; target i64 and weight f32 [selected]; where the plan has a sampler
 * head, previous and chained as ChainInputs says; where its adapters are gated, gate f32 [rows, 1]; where it has a planner,
 * planner_rows i64 [planned], the rows that the planner looks at, and what plannerFeeds gives; every parameter.
 * Outputs: the loss, f32 [], see `crossEntropy`; log_probabilities; the gradient of every parameter. A policy that is
 * only scored has no loss and no gradients. Without a policy a planner learns decisions (`imitation`, with
 * `decisionInputs` in place of the target) and tokens are not predicted.
 */
export function buildTrainingGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
  options: TrainingGraphOptions = {},
): TrainingGraph {
  const graph = new Graph();
  const { weights, states, hidden, shared, layers } = selectedRows(graph, shape, stored, plan);
  const planner = plan.planner ? plannerOver(graph, shape, hidden, shared) : undefined;
  const { policy } = options;
  const { loss, logProbabilities } = policy
    ? policyObjective(graph, weights, shape, states, targets(graph), policy, planner?.logits)
    : planner
      ? imitation(graph, planner.logits, graph.input(TRAINING.weight, 'f32', ['selected']))
      : supervised(graph, weights.linear(states, headName(shape)), shape, targets(graph), options);

  const parameters = [...weights.trained, ...(planner?.parameters ?? [])];
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
  if (options.engine) {
    multiplyAsEngine(graph, options.engine, frozenMatrices(shape, stored, plan, weights));
  }
  graph.prune();
  reverseOutputs(graph);
  return { graph, parameters };
}

function targets(graph: Graph): Value {
  return graph.input(TRAINING.target, 'i64', ['selected']);
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

/**
 * What the network under training predicts: best i64 and confidence f32 [selected], the best token of every selected row
 * that is not suppressed and its probability. Inputs as above.
 */
export function buildPredictionGraph(
  shape: DenoiserShape,
  stored: WeightTable,
  plan: TrainingPlan,
  suppressed: readonly number[],
): TrainingGraph {
  const graph = new Graph();
  const { weights, states } = selectedRows(graph, shape, stored, plan);
  const logits = weights.linear(states, headName(shape));
  const allowed = suppressed.length > 0 ? penalties(graph, suppressed, shape) : undefined;
  const shares = graph.op('Softmax', [allowed ? graph.op('Add', [logits, allowed]) : logits], { axis: -1 });
  const [confidence, best] = graph.ops('TopK', [shares, graph.i64([1])], { axis: -1 }, 2);
  const vector = (column: Value) => graph.op('Squeeze', [column, graph.i64([1])]);
  graph.output(TRAINING.best, vector(best), 'i64', ['selected']);
  graph.output(TRAINING.confidence, vector(confidence), 'f32', ['selected']);
  return { graph, parameters: weights.trained };
}

/**
 * The states of some of the network's rows that give the logits, [selected, size]; those of all rows, and what attention
 * takes; the nodes of every layer.
 */
function selectedRows(graph: Graph, shape: DenoiserShape, stored: WeightTable, plan: TrainingPlan) {
  const gate = plan.adapters?.gated ? graph.input(TRAINING.gate, 'f32', ['rows', 1]) : undefined;
  const weights = new TrainingWeights(graph, stored, plan, gate);
  const ids = graph.input(TRAINING.ids, 'i64', ['rows']);
  const pairs = shape.headDim / 2;
  const shared = {
    cos: graph.input(TRAINING.cos, 'f32', ['rows', pairs]),
    sin: graph.input(TRAINING.sin, 'f32', ['rows', pairs]),
    chunks: Array.from({ length: ATTENTION_CHUNKS }, (_, number) => chunkInputs(graph, shape, number)),
    parts: chunkParts(shape),
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
  return { weights, states, hidden: all, shared, layers };
}

/** The planner over some rows of the network: its numbers, f32 [planned], and its tensors. */
function plannerOver(graph: Graph, shape: DenoiserShape, hidden: Value, { cos, sin }: AttentionInputs) {
  const parameters = plannerParameters(shape);
  const rows = graph.input(PLANNER.rows, 'i64', ['planned']);
  const picked = (value: Value) => graph.op('Gather', [value, rows], { axis: 0 });
  const logits = plannerLogits(graph, shape, new InputWeights(graph, parameters), {
    hidden: picked(hidden),
    cos: picked(cos),
    sin: picked(sin),
  });
  return { parameters, logits };
}

function chunkInputs(graph: Graph, shape: DenoiserShape, number: number): ChunkInputs {
  const { columns, mask } = TRAINING.chunk(number);
  const parts = chunkParts(shape);
  const [stacked] = reshapedDims(['rows', shape.heads], [-1, ATTENTION_CHUNKS * parts * shape.kvHeads]);
  return {
    columns: graph.input(columns, 'i64', [columns]),
    mask: graph.input(mask, 'f32', [parts, 1, stacked, columns]),
  };
}
