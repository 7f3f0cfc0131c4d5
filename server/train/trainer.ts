import type { Parameter, TrainingPlan } from '../../kernels/training/parameters.ts';
import { defaultThreads } from '../engine/threads.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { AdamW } from './adamw.ts';
import { microBatches } from './batches.ts';
import { clipFactor, GradientSum } from './gradient-sum.ts';
import { OBJECTIVES } from './objectives/index.ts';
import type { Objective, SampleRows } from './objectives/objective.ts';
import { Predictor } from './predictor.ts';
import type { TrainerArrays } from './run/checkpoint.ts';
import { learningRateAt } from './schedule.ts';
import { type Gradients, TrainingSession } from './session.ts';
import type { SftSettings } from './settings.ts';
import { initialValues, trainingPlan, writeTrained } from './trained-weights.ts';

/** What one step did. */
export interface StepReport {
  loss: number;
  /** Mean −log p of every term's targets, weights left aside. */
  terms: Record<string, number>;
  gradientNorm: number;
  learningRate: number;
  /** Rows that were fed. */
  rows: number;
  /** The weights stayed as they were, because the loss or a gradient was no finite number. */
  skipped: boolean;
}

const FIRST = 'first:';
const SECOND = 'second:';
const VALUE = 'value:';

/** Weights under training with their optimizer: takes steps over rows, whatever objective made them. */
export class Trainer {
  readonly #settings: SftSettings;
  readonly #folder: ModelFolder;
  readonly #plan: TrainingPlan;
  readonly #session: TrainingSession;
  readonly #predictor: Predictor | undefined;
  readonly #values: Map<string, Float32Array>;
  readonly #optimizer: AdamW;
  readonly #matrices: ReadonlySet<string>;
  /** Where the session writes gradients: those of the first micro-batch of a step, and those to be added. */
  readonly #gradients: Gradients[] = [];

  private constructor(
    settings: SftSettings,
    folder: ModelFolder,
    plan: TrainingPlan,
    { session, predictor }: { session: TrainingSession; predictor: Predictor | undefined },
    values: Map<string, Float32Array>,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#plan = plan;
    this.#session = session;
    this.#predictor = predictor;
    this.#values = values;
    this.#optimizer = new AdamW(settings);
    const matrices = session.parameters.filter(({ dims }) => dims.length > 1);
    this.#matrices = new Set(matrices.map(({ name }) => name));
  }

  static async open(folder: ModelFolder, settings: SftSettings): Promise<Trainer> {
    const plan = trainingPlan(folder, settings);
    const threads = settings.threads || defaultThreads();
    const { needs = [] }: Objective = OBJECTIVES[settings.objective];
    const soft = settings.softLabels > 0 || needs.includes('softLabels');
    const session = await TrainingSession.open(folder, plan, threads, {
      recompute: settings.recompute,
      ...(soft && { softLabels: { temperature: settings.softTemperature } }),
      ...(settings.certainty > 0 && { certainty: { temperature: settings.certaintyTemperature } }),
      path: needs.includes('path'),
    });
    const predictor = needs.includes('predictions') ? await Predictor.open(folder, plan, threads) : undefined;
    const values = await initialValues(folder, session.parameters, settings.seed);
    return new Trainer(settings, folder, plan, { session, predictor }, values);
  }

  get parameters(): readonly Parameter[] {
    return this.#session.parameters;
  }

  get optimizerSteps(): number {
    return this.#optimizer.steps;
  }

  /** The best token of every target, by the weights as they now are; for objectives that need predictions. */
  async best(rows: SampleRows): Promise<number[]> {
    const [batch] = microBatches([rows], { teacher: 0 }, Number.POSITIVE_INFINITY);
    return batch ? this.#predictor!.best(batch, this.#values) : [];
  }

  /** One step: gradients of all samples, however many forwards they take, then the optimizer. */
  async step(
    step: number,
    samples: readonly SampleRows[],
    terms: Readonly<Record<string, number>>,
  ): Promise<StepReport> {
    const sum = new GradientSum();
    const losses = new Map<string, { total: number; count: number }>();
    let loss = 0;
    let rows = 0;
    for (const [i, batch] of microBatches(samples, terms, this.#settings.rowsPerForward).entries()) {
      const slot = Math.min(i, 1);
      this.#gradients[slot] ??= this.#session.newGradients();
      const result = await this.#session.run(batch, this.#values, this.#gradients[slot]);
      loss += result.loss;
      rows += batch.ids.length;
      sum.add(result.gradients);
      for (const [place, term] of batch.terms.entries()) {
        const mean = losses.get(term) ?? { total: 0, count: 0 };
        losses.set(term, { total: mean.total - result.logProbabilities[place], count: mean.count + 1 });
      }
    }
    const gradientNorm = sum.norm();
    const learningRate = learningRateAt(step, this.#settings);
    const skipped = !Number.isFinite(loss) || !Number.isFinite(gradientNorm);
    if (!skipped && rows > 0) {
      const scale = clipFactor(gradientNorm, this.#settings.clip);
      this.#optimizer.step(this.#values, sum.gradients, learningRate, scale, (name) =>
        this.#matrices.has(name),
      );
    }
    const means = [...losses].map(([term, { total, count }]) => [term, total / count] as const);
    return { loss, terms: Object.fromEntries(means), gradientNorm, learningRate, rows, skipped };
  }

  /** The weights and the optimizer's moments, by name. */
  arrays(): TrainerArrays {
    const arrays = new Map<string, Float32Array>();
    for (const [name, value] of this.#values) {
      const { first, second } = this.#optimizer.moments(name, value.length);
      arrays
        .set(VALUE + name, value)
        .set(FIRST + name, first)
        .set(SECOND + name, second);
    }
    return arrays;
  }

  /** Goes back to what `arrays` gave. Throws UserError where they are those of other parameters. */
  restore(arrays: TrainerArrays, optimizerSteps: number): void {
    for (const [name, current] of this.arrays()) {
      const stored = arrays.get(name);
      if (stored?.length !== current.length) {
        throw new UserError(`the checkpoint does not fit the run: ${name} is missing or has another size.`);
      }
      current.set(stored);
    }
    this.#optimizer.steps = optimizerSteps;
  }

  /** Writes the adapter or the model as it now is. */
  async write(dir: string): Promise<void> {
    await writeTrained(dir, this.#folder, this.#plan, this.parameters, this.#values);
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#predictor?.release();
  }
}
