import type { Parameter, TrainingPlan } from '../../kernels/training/parameters.ts';
import { defaultThreads } from '../engine/threads.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { microBatches } from './batches.ts';
import { OBJECTIVES } from './objectives/index.ts';
import type { Objective, Prediction, SampleRows } from './objectives/objective.ts';
import { Predictor } from './predictor.ts';
import type { TrainerArrays } from './run/checkpoint.ts';
import { TrainingSession } from './session.ts';
import type { SftSettings } from './settings.ts';
import { type OptimizerReport, TrainedValues } from './trained-values.ts';
import { initialValues, trainingPlan, writeTrained } from './trained-weights.ts';

/** What one step did. */
export interface StepReport extends OptimizerReport {
  loss: number;
  /** Mean −log p of every term's targets, weights left aside. */
  terms: Record<string, number>;
  /** Rows that were fed. */
  rows: number;
}

/** Trains weights: takes steps over rows, whatever objective made them. */
export class Trainer {
  readonly #settings: SftSettings;
  readonly #folder: ModelFolder;
  readonly #plan: TrainingPlan;
  readonly #session: TrainingSession;
  readonly #predictor: Predictor | undefined;
  readonly #trained: TrainedValues;

  private constructor(
    settings: SftSettings,
    folder: ModelFolder,
    plan: TrainingPlan,
    { session, predictor }: { session: TrainingSession; predictor: Predictor | undefined },
    trained: TrainedValues,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#plan = plan;
    this.#session = session;
    this.#predictor = predictor;
    this.#trained = trained;
  }

  static async open(folder: ModelFolder, settings: SftSettings): Promise<Trainer> {
    const plan = trainingPlan(folder, settings);
    const threads = settings.threads || defaultThreads();
    const { needs = [] }: Objective = OBJECTIVES[settings.objective];
    const soft = settings.softLabels > 0 || needs.includes('softLabels');
    const session = await TrainingSession.open(folder, plan, threads, {
      recompute: settings.recompute,
      engineProducts: settings.engineProducts,
      ...(soft && { softLabels: { temperature: settings.softTemperature } }),
      ...(settings.certainty > 0 && { certainty: { temperature: settings.certaintyTemperature } }),
      path: needs.includes('path'),
    });
    const predictor = needs.includes('predictions') ? await Predictor.open(folder, plan, threads) : undefined;
    const values = await initialValues(folder, session.parameters, settings.seed);
    const trained = await TrainedValues.open(values, session.parameters, settings, threads);
    return new Trainer(settings, folder, plan, { session, predictor }, trained);
  }

  get parameters(): readonly Parameter[] {
    return this.#session.parameters;
  }

  get optimizerSteps(): number {
    return this.#trained.optimizerSteps;
  }

  /** The best token of every target, by the weights as they now are; for objectives that need predictions. */
  async best(rows: SampleRows): Promise<Prediction[]> {
    const [batch] = microBatches([rows], { teacher: 0 }, Number.POSITIVE_INFINITY);
    return batch ? this.#predictor!.best(batch, this.#trained.values) : [];
  }

  /** One step: gradients of all samples, however many forwards they take, then the optimizer. */
  async step(
    step: number,
    samples: readonly SampleRows[],
    terms: Readonly<Record<string, number>>,
  ): Promise<StepReport> {
    const losses = new Map<string, { total: number; count: number }>();
    let loss = 0;
    let rows = 0;
    for (const batch of microBatches(samples, terms, this.#settings.rowsPerForward)) {
      const result = await this.#trained.add((gradients) =>
        this.#session.run(batch, this.#trained.values, gradients),
      );
      loss += result.loss;
      rows += batch.ids.length;
      for (const [place, term] of batch.terms.entries()) {
        const mean = losses.get(term) ?? { total: 0, count: 0 };
        losses.set(term, { total: mean.total - result.logProbabilities[place], count: mean.count + 1 });
      }
    }
    const means = [...losses].map(([term, { total, count }]) => [term, total / count] as const);
    return { loss, terms: Object.fromEntries(means), rows, ...(await this.#trained.apply(step, loss)) };
  }

  arrays(): TrainerArrays {
    return this.#trained.arrays();
  }

  /** As `TrainedValues.restore`. */
  restore(arrays: TrainerArrays, optimizerSteps: number): void {
    this.#trained.restore(arrays, optimizerSteps);
  }

  /** Writes the adapter or the model as it now is. */
  async write(dir: string): Promise<void> {
    const window = this.#settings.window || this.#folder.spec.blockSize;
    const planner = this.#plan.planner ? ({ window, unmasking: 'bernoulli-forced' } as const) : undefined;
    await writeTrained(dir, this.#folder, this.#plan, this.parameters, this.#trained.values, planner);
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#trained.release();
    await this.#predictor?.release();
  }
}
