import { differentiate } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { type PolicyShape, policyLogits, policyParameters } from '../unmasking-policy.ts';
import { drawLogProbs } from './draw-log-probs.ts';
import { InputWeights } from './parameters.ts';
import { objectiveLoss, type PolicyOptions } from './policy-objective.ts';
import { TRAINING, type TrainingGraph } from './training-graph.ts';

/** Names of what goes in beside the inputs of the network, as DrawInputs says, and who decided. */
export const UNMASKING = { among: 'among', drawn: 'drawn', counts: 'counts', expert: 'expert' } as const;

export interface UnmaskingOptions {
  /**
   * Responses of a group that the policy decides and that experts do: the log-probability of an expert's decision becomes
   * that of a mixture, see server/train/rl/expert-mixture.ts. Missing: it counts like the policy's own.
   */
  mixture?: { policies: number; experts: number };
  /** Missing: only log-probabilities are wanted. */
  loss?: PolicyOptions['loss'];
}

/**
 * log-probabilities of decisions, f32 [windows], and the loss over them with its gradients, for a policy whose tensors are
 * inputs. Inputs: those of the network, see `policyFeeds`; the draws of every decision; with `mixture` expert f32 [windows],
 * 1 where an expert decided; those of `objectiveLoss`. Outputs as those of `buildTrainingGraph`.
 */
export function buildUnmaskingGraph(
  shape: PolicyShape,
  { mixture, loss: settings }: UnmaskingOptions,
): TrainingGraph {
  const graph = new Graph();
  const parameters = policyParameters(shape);
  const scores = policyLogits(graph, shape, new InputWeights(graph, parameters));
  const own = drawLogProbs(graph, scores, {
    among: graph.input(UNMASKING.among, 'f32', ['windows', 'draws', shape.window + 1]),
    drawn: graph.input(UNMASKING.drawn, 'i64', ['windows', 'draws', 1]),
    counts: graph.input(UNMASKING.counts, 'f32', ['windows', 'draws']),
  });
  const logProbs = mixture ? mixed(graph, own, mixture) : own;
  graph.output(TRAINING.logProbabilities, logProbs, 'f32', ['windows']);
  if (settings) {
    const loss = objectiveLoss(graph, logProbs, 'windows', settings);
    const gradients = differentiate(
      graph,
      loss,
      parameters.map(({ name }) => name),
    );
    graph.output(TRAINING.loss, loss, 'f32', []);
    for (const { name, dims } of parameters) {
      graph.output(TRAINING.gradient(name), gradients.get(name)!, 'f32', dims);
    }
  }
  return { graph, parameters };
}

/** log(w·p + v) where an expert decided, log p elsewhere. */
function mixed(
  graph: Graph,
  logProbs: Value,
  { policies, experts }: { policies: number; experts: number },
): Value {
  const all = policies + experts;
  const expert = graph.input(UNMASKING.expert, 'f32', ['windows']);
  const share = graph.op('Mul', [graph.op('Exp', [logProbs]), graph.f32([policies / all])]);
  const ofMixture = graph.op('Log', [graph.op('Add', [share, graph.f32([1 / all])])]);
  const policy = graph.op('Mul', [logProbs, graph.op('Sub', [graph.f32([1]), expert])]);
  return graph.op('Add', [policy, graph.op('Mul', [ofMixture, expert])]);
}
