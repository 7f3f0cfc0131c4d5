import type { Graph, Value } from '../graph.ts';
import type { DenoiserShape } from '../shape.ts';
import { decisionInputs, decisionLogProbs } from './decisions.ts';
import type { TrainingWeights } from './parameters.ts';
import { type PolicyLossInputs, type PolicyLossSettings, policyLoss } from './policy-loss.ts';
import { tokenLogProbs } from './token-log-probs.ts';

/** Names of what the objective of a policy takes beside the target, as TokenLogProbsInputs and PolicyLossInputs say. */
export const POLICY = {
  inverseTemperature: 'inverse_temperature',
  candidates: 'candidates',
  padding: 'padding',
  stayed: 'stayed',
  bound: 'bound',
  forced: 'forced',
  forcedBy: 'forced_by',
  old: 'old',
  reference: 'reference',
  klWeight: 'kl_weight',
  nllWeight: 'nll_weight',
  unit: 'unit',
  share: 'share',
  advantage: 'advantage',
  unitWeight: 'unit_weight',
  /** 1 where the row gave a token, 0 where a position was only left masked, f32 [selected]; only with a planner. */
  shown: 'shown',
} as const;

/** What a token competes with: tokens that are listed for it, all tokens, or the best ones of its row. */
export type Competition = 'listed' | 'all' | { best: number };

export interface PolicyOptions {
  competition: Competition;
  suppressed: readonly number[];
  /** A planner decided what was revealed, or the best position was forced for want of one that was drawn. */
  decisions?: { forced: boolean };
  /** Missing: only log-probabilities are wanted. */
  loss?: PolicyLossSettings & {
    /** Log-probabilities of the policy that sampled are given; otherwise the present one did. */
    old: boolean;
  };
}

/**
 * Log-probabilities of the targets of the selected states, and the loss over them. With decisions they are those of
 * revealing just these tokens: the log-probability of the token where there is one, and of the planner's decision.
 */
export function policyObjective(
  graph: Graph,
  weights: TrainingWeights,
  shape: DenoiserShape,
  states: Value,
  target: Value,
  { competition, suppressed, decisions, loss: settings }: PolicyOptions,
  planner?: Value,
): { logProbabilities: Value; loss?: Value } {
  const tokens = (name: string) => graph.input(name, 'f32', ['selected']);
  const ofTokens = tokenLogProbs(graph, weights, shape, states, suppressed, {
    target,
    inverseTemperature: graph.input(POLICY.inverseTemperature, 'f32', [1]),
    ...(competition === 'listed' && {
      listed: {
        ids: graph.input(POLICY.candidates, 'i64', ['selected', 'candidates']),
        padding: graph.input(POLICY.padding, 'f32', ['selected', 'candidates']),
      },
    }),
    ...(typeof competition === 'object' && {
      best: {
        count: competition.best,
        stayed: {
          flag: tokens(POLICY.stayed),
          bound: tokens(POLICY.bound),
          forced: tokens(POLICY.forced),
          forcedBy: graph.input(POLICY.forcedBy, 'i64', ['selected']),
        },
      },
    }),
  });
  const logProbabilities =
    decisions && planner
      ? graph.op('Add', [
          graph.op('Mul', [ofTokens, tokens(POLICY.shown)]),
          decisionLogProbs(graph, planner, decisionInputs(graph, decisions.forced)),
        ])
      : ofTokens;
  if (!settings) return { logProbabilities };
  return { logProbabilities, loss: objectiveLoss(graph, logProbabilities, 'selected', settings) };
}

/** The loss over log-probabilities, f32 [dim], whose other inputs it adds. */
export function objectiveLoss(
  graph: Graph,
  logProbabilities: Value,
  dim: string,
  settings: NonNullable<PolicyOptions['loss']>,
): Value {
  const decisions = (name: string) => graph.input(name, 'f32', [dim]);
  const units = (name: string) => graph.input(name, 'f32', ['units']);
  const inputs: PolicyLossInputs = {
    ...(settings.old && { old: decisions(POLICY.old) }),
    ...(settings.kl && {
      reference: { logProbs: decisions(POLICY.reference), weight: decisions(POLICY.klWeight) },
    }),
    nllWeight: decisions(POLICY.nllWeight),
    unit: graph.input(POLICY.unit, 'i64', [dim]),
    share: decisions(POLICY.share),
    advantage: units(POLICY.advantage),
    unitWeight: units(POLICY.unitWeight),
  };
  return policyLoss(graph, logProbabilities, inputs, settings);
}
