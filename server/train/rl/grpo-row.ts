import type { HeldOut } from './evaluation.ts';
import type { PolicyReport } from './policy-step.ts';
import type { RolloutMetrics } from './step-metrics.ts';

/** Rows of metrics.jsonl; docs/rl.md says what each number means. */
export type GrpoRow = EvaluationRow | StepRow;

export interface EvaluationRow {
  /** Steps done. */
  step: number;
  heldOut: HeldOut;
  seconds: { evaluation: number };
  /** What the user should know before the run goes on. */
  advice?: string;
}

export interface StepRow extends RolloutMetrics, PolicyReport {
  /** Steps done, this one included. */
  step: number;
  /** Groups that were trained on, and how many were left out, by reason. */
  groups: number;
  dropped: Record<string, number>;
  /** Optimizer steps behind the weights that the next step samples with. */
  weightsVersion: number;
  tokensPerSecond: { rollout: number; reward: number; training: number };
  /** `reward` is what verdicts took after the rollouts; `checkpoint` is that of the step before. */
  seconds: Record<'rollout' | 'reward' | 'training' | 'sync' | 'checkpoint' | 'all', number>;
  /** Estimate, evaluations left aside. */
  secondsLeft: number;
  /** Resident bytes of this process. */
  memory: number;
}
