import type { Random } from '../../decode/random.ts';
import type { DenoiserSpec } from '../../models/spec.ts';
import type { PlannedStep, PlannerChoice } from '../planner-inputs.ts';

/** A text to learn from: the first `promptLength` tokens are context, the others are to be predicted. */
export interface TrainingSample {
  ids: readonly number[];
  promptLength: number;
}

/** One prediction that counts. */
export interface Target {
  row: number;
  token: number;
  /** Before division by the term's denominator. */
  weight: number;
  /** Another row to learn from, which must have a target too, and the weight of that; only with soft labels on. */
  soft?: { teacherRow: number; weight: number };
  /** Weights of the path term and of certainty forcing, divided as `weight` is; only where those are on. */
  path?: number;
  certainty?: number;
  /** The token before the predicted one, to which the sampler head chains the row. */
  previous?: number;
  /** A planner is to make this choice, in place of a token; its decider counts within the sample. */
  choice?: PlannerChoice;
  /** Which of the objective's terms it belongs to. */
  term: string;
}

/** Rows made of one sample; they see no rows of other samples. */
export interface SampleRows {
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  /** Whether a row belongs to a noisy copy or a window. */
  noisy(row: number): boolean;
  targets: readonly Target[];
  /** Steps in which a planner decides. */
  planned?: readonly PlannedStep[];
  /** By term: what the sample adds to the number by which the term's sum is divided, over the whole step. */
  denominators: Readonly<Record<string, number>>;
}

/** The best token of a row and its probability. */
export interface Prediction {
  id: number;
  confidence: number;
}

/** Rows to be predicted from first: what is to be learnt from depends on the best tokens of their targets. */
export interface ForcedRows extends SampleRows {
  /** The rows to learn from, given the prediction for every target. */
  forced(predictions: readonly Prediction[]): SampleRows;
}

/** What an objective cannot do without, whatever the settings: parts of the training graph, or predictions first. */
export type Need = 'softLabels' | 'path' | 'predictions' | 'planner';

/** How samples become rows with targets. One objective a file; index.ts holds the table. */
export interface Objective {
  /** Factor of every term of the loss. */
  terms(settings: ObjectiveSettings): Readonly<Record<string, number>>;
  /** What is wrong with using it for a model; undefined when nothing is. */
  misfit(spec: DenoiserSpec): string | undefined;
  needs?: readonly Need[];
  rows(
    sample: TrainingSample,
    spec: DenoiserSpec,
    settings: ObjectiveSettings,
    random: Random,
  ): SampleRows | ForcedRows;
}

export interface ObjectiveSettings {
  /** Windows per sample, for objectives that draw windows. */
  windows: number;
  /** Share of the windows that are fully masked, 0 … 1. */
  fullyMasked: number;
  /** Positions of a window; 0: as many as the model's blocks. */
  window: number;
  /** Factors of the terms of window diffusion, 0 for none: of noisy rows, clean rows, and rows of the sampler head. */
  noisyWeight: number;
  autoregressiveWeight: number;
  chainedWeight: number;
  /** Weight of the prompt's tokens beside the answer's 1: in the autoregressive term, and as starts of windows; 0 … 1. */
  promptWeight: number;
  /** Weight of a window's rows falls by this factor from row to row, 0 … 1. */
  depthDecay: number;
  /** Share of a noisy row's weight that goes to what the clean row of the same position predicts, 0 … 1. */
  softLabels: number;
  /** Weight of certainty forcing in units of a noisy row's own, 0 for none. */
  certainty: number;
}
