import type { TrainingPlan } from '../../kernels/training/parameters.ts';
import { buildPredictionGraph, TRAINING } from '../../kernels/training/training-graph.ts';
import { type InferenceSession, loadOrt, openSession } from '../engine/ort.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { BatchFeeds, type ParameterValues, type TrainingBatch } from './feeds.ts';
import type { Prediction } from './objectives/objective.ts';

/** The model under training, asked for its best tokens. */
export class Predictor {
  readonly #session: InferenceSession;
  readonly #feeds: BatchFeeds;

  private constructor(session: InferenceSession, feeds: BatchFeeds) {
    this.#session = session;
    this.#feeds = feeds;
  }

  static async open(folder: ModelFolder, plan: TrainingPlan, threads: number): Promise<Predictor> {
    const ort = await loadOrt();
    const training = buildPredictionGraph(folder.spec, folder.weights, plan, folder.spec.suppressedTokenIds);
    const session = await openSession(ort, training.graph, folder.dir, threads, { planMemory: false });
    return new Predictor(session, new BatchFeeds(ort, folder.spec, training));
  }

  /** The best token of every selected row. Blocks the event loop until it is done. */
  async best(batch: TrainingBatch, values: ParameterValues): Promise<Prediction[]> {
    const out = await this.#session.run(this.#feeds.of(batch, values));
    const confidences = out[TRAINING.confidence].data as Float32Array;
    return Array.from(out[TRAINING.best].data as BigInt64Array, (id, row) => ({
      id: Number(id),
      confidence: confidences[row],
    }));
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
