import type { Feed } from '../../../kernels/graph.ts';
import type { Gradients } from '../gradients.ts';
import type { TrainingResult } from '../session.ts';
import type { OptimizerReport, TrainedValues } from '../trained-values.ts';
import { lossSettings, type ObjectiveSettings } from './objective.ts';
import { lossInputs } from './policy-batches.ts';
import { type OtherLogProbs, type PolicyLoss, type PolicyLossTerms, policyLoss } from './policy-loss.ts';
import type { Group } from './rollout.ts';

/** What the update of one step did: its last optimizer step. */
export interface PolicyReport extends OptimizerReport, Omit<PolicyLoss, 'clipped' | 'clamped'> {
  /** Share of the ratios whose surrogate is the clipped one, and of those beyond the limit of a log-ratio. */
  clipShare: number;
  clampShare: number;
  /** Rows that were fed, and tokens (or decisions) that were scored. */
  rows: number;
  tokens: number;
  /** |log p of the trainer − log p that the engine recorded| of the tokens; missing where others are scored. */
  drift?: { mean: number; max: number };
}

/** What learns from the responses of a run: the model, or a policy over it. */
export interface Learner {
  readonly trained: TrainedValues;
  /** Moves the weights by the responses of step `step`, from 0 on, and their advantages, [groups][responses]. */
  update(
    step: number,
    groups: readonly Group[],
    advantages: readonly (readonly number[])[],
  ): Promise<PolicyReport>;
  /** Writes what is trained as it now is. */
  write(dir: string): Promise<void>;
  release(): Promise<void>;
}

/** Decisions of a step that go through one forward. */
export interface PolicyPart {
  terms: PolicyLossTerms;
  others: OtherLogProbs;
  /** Rows that are fed. */
  rows: number;
  /** Runs the graph with the inputs of its loss and writes the gradients into `gradients`. */
  run(inputs: Readonly<Record<string, Feed>>, gradients: Gradients): Promise<TrainingResult>;
}

/** Takes one optimizer step over all parts; also returns the log-probabilities of their decisions, in order. */
export async function policyStep(
  step: number,
  parts: readonly PolicyPart[],
  objective: ObjectiveSettings,
  trained: TrainedValues,
): Promise<Omit<PolicyReport, 'drift'> & { logProbs: number[] }> {
  const settings = lossSettings(objective);
  const total: PolicyLoss = { loss: 0, policy: 0, kl: 0, nll: 0, clipped: 0, clamped: 0 };
  const logProbs: number[] = [];
  let [units, rows, loss] = [0, 0, 0];
  for (const { terms, others, rows: fed, run } of parts) {
    const result = await trained.add((gradients) => run(lossInputs(terms, others), gradients));
    const part = policyLoss(result.logProbabilities, others, terms, settings);
    for (const key of Object.keys(total) as (keyof PolicyLoss)[]) total[key] += part[key];
    logProbs.push(...result.logProbabilities);
    loss += result.loss;
    rows += fed;
    units += terms.advantage.length;
  }
  const { policy, kl, nll, clipped, clamped } = total;
  return {
    ...{ loss, policy, kl, nll, rows, logProbs },
    tokens: logProbs.length,
    clipShare: clipped / Math.max(1, units),
    clampShare: clamped / Math.max(1, units),
    ...(await trained.apply(step, loss)),
  };
}

/** Differences to what the engine recorded, over what was decided in the context that it is scored in. */
export function driftOf(
  logProbs: readonly number[],
  recorded: readonly (number | undefined)[],
): PolicyReport['drift'] {
  const sizes = logProbs.flatMap((logProb, i) => {
    const known = recorded[i];
    return known === undefined ? [] : [Math.abs(logProb - known)];
  });
  if (sizes.length === 0) return undefined;
  return {
    mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    max: sizes.reduce((most, size) => Math.max(most, size), 0),
  };
}
