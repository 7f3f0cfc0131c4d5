import type { Precision } from '../../kernels/linear/linear.ts';
import { layerNames } from '../../kernels/names.ts';
import type { Parameter, TrainingPlan } from '../../kernels/training/parameters.ts';
import {
  buildTrainingGraph,
  TRAINING,
  type TrainingGraphOptions,
} from '../../kernels/training/training-graph.ts';
import { InPlaceSession } from '../engine/in-place-session.ts';
import { loadOrt, type Ort, tensors } from '../engine/ort.ts';
import { choosePrecisions } from '../engine/precisions.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { BatchFeeds, type ParameterValues, type ScoredBatch, type TrainingBatch } from './feeds.ts';
import { type Gradients, gradientOutputs, newGradients } from './gradients.ts';

export interface TrainingResult {
  /** As `crossEntropy` defines it. */
  loss: number;
  /** log p(target) of every selected row. */
  logProbabilities: Float32Array;
  gradients: Gradients;
}

export interface TrainingSessionOptions extends Omit<TrainingGraphOptions, 'engine'> {
  /** Multiply by frozen layers as the engine does: rounded, and several times as fast where it has whole numbers. */
  engineProducts?: boolean;
}

/** The training graph of one model in a session: loss and gradients of a batch. */
export class TrainingSession {
  readonly parameters: readonly Parameter[];
  readonly #ort: Ort;
  readonly #session: InPlaceSession;
  readonly #feeds: BatchFeeds;

  private constructor(
    ort: Ort,
    session: InPlaceSession,
    feeds: BatchFeeds,
    parameters: readonly Parameter[],
  ) {
    this.parameters = parameters;
    this.#ort = ort;
    this.#session = session;
    this.#feeds = feeds;
  }

  /** Frozen weights stay in the model's files, from where the runtime maps them. Throws UserError for other networks. */
  static async open(
    folder: ModelFolder,
    plan: TrainingPlan,
    threads: number,
    { engineProducts = false, ...options }: TrainingSessionOptions = {},
  ): Promise<TrainingSession> {
    const { experts, rotaryDim } = folder.spec;
    if (experts) throw new UserError(`${folder.name} is a mixture of experts, which cannot be trained yet.`);
    if (rotaryDim !== undefined)
      throw new UserError(`${folder.name} turns a part of every head, which cannot be trained yet.`);
    const ort = await loadOrt();
    const engine = engineProducts ? enginePrecision(folder) : undefined;
    const training = buildTrainingGraph(folder.spec, folder.weights, plan, { ...options, engine });
    const session = await InPlaceSession.open(ort, training.graph, folder.dir, threads, {
      planMemory: false,
    });
    const feeds = new BatchFeeds(ort, folder.spec, training);
    return new TrainingSession(ort, session, feeds, training.parameters);
  }

  /** Writes the gradients into the arrays of `gradients`, whatever is there. Blocks the event loop until it is done. */
  async run(
    batch: TrainingBatch | ScoredBatch,
    values: ParameterValues,
    gradients: Gradients = newGradients(this.parameters),
  ): Promise<TrainingResult> {
    const { f32 } = tensors(this.#ort);
    const loss = new Float32Array(1);
    const logProbabilities = new Float32Array(batch.select.length);
    await this.#session.run(this.#feeds.of(batch, values), {
      [TRAINING.loss]: f32(loss, []),
      [TRAINING.logProbabilities]: f32(logProbabilities, [logProbabilities.length]),
      ...gradientOutputs(this.#ort, this.parameters, gradients),
    });
    return { loss: loss[0], logProbabilities, gradients };
  }

  /** log p(target) of every selected row; for graphs without a loss. Blocks the event loop until it is done. */
  async score(batch: ScoredBatch, values: ParameterValues): Promise<Float32Array> {
    const logProbabilities = new Float32Array(batch.select.length);
    const room = tensors(this.#ort).f32(logProbabilities, [logProbabilities.length]);
    await this.#session.run(this.#feeds.of(batch, values), { [TRAINING.logProbabilities]: room });
    return logProbabilities;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Throws UserError for a model whose layers are not quantised. */
function enginePrecision(folder: ModelFolder): Precision {
  if (folder.weights.has(`${layerNames(0).query}.weight_scale`))
    return choosePrecisions(folder, 'cpu').precision;
  throw new UserError(`${folder.name} is not quantised: without that engineProducts must be false.`);
}
