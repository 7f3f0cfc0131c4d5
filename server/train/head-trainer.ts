import type { TrainingPlan } from '../../kernels/training/parameters.ts';
import { defaultThreads } from '../engine/threads.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { HeadLessons } from './head-lessons.ts';
import { KeptLessons } from './kept-lessons.ts';
import type { SampleRows } from './objectives/objective.ts';
import { RescoringSession } from './rescoring-session.ts';
import type { TrainerArrays } from './run/checkpoint.ts';
import type { SftSettings } from './settings.ts';
import { shuffledAt } from './shuffled.ts';
import { TrainedValues } from './trained-values.ts';
import { initialValues, trainingPlan, writeTrained } from './trained-weights.ts';
import type { StepReport } from './trainer.ts';

/**
 * Trains a sampler head alone. The frozen network runs once over each of `cachedSamples` samples; what the head learns
 * from its rows is kept, and the steps go through the samples again and again, in another order every time.
 */
export class HeadTrainer {
  readonly #settings: SftSettings;
  readonly #folder: ModelFolder;
  readonly #plan: TrainingPlan;
  readonly #session: RescoringSession;
  readonly #lessons: KeptLessons;
  readonly #trained: TrainedValues;

  private constructor(
    settings: SftSettings,
    folder: ModelFolder,
    plan: TrainingPlan,
    session: RescoringSession,
    lessons: KeptLessons,
    trained: TrainedValues,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#plan = plan;
    this.#session = session;
    this.#lessons = lessons;
    this.#trained = trained;
  }

  /** Lessons are kept in `dir`. Throws UserError for a model without a sampler head. */
  static async open(folder: ModelFolder, settings: SftSettings, dir: string): Promise<HeadTrainer> {
    const plan = trainingPlan(folder, settings);
    const threads = settings.threads || defaultThreads();
    const session = await RescoringSession.open(folder, plan.samplerHead!, threads);
    const lessons = new KeptLessons(dir, folder, threads, settings.softTemperature);
    const values = await initialValues(folder, session.parameters, settings.seed);
    const trained = await TrainedValues.open(values, session.parameters, settings, threads);
    return new HeadTrainer(settings, folder, plan, session, lessons, trained);
  }

  get optimizerSteps(): number {
    return this.#trained.optimizerSteps;
  }

  /** The step with number `step`, from 0 on; `draw` makes the rows of samples that are new. */
  async step(step: number, draw: (sample: number) => Promise<SampleRows>): Promise<StepReport> {
    const { seed, cachedSamples, samplesPerStep, rowsPerForward } = this.#settings;
    const samples: HeadLessons[] = [];
    for (let i = 0; i < samplesPerStep; i++) {
      const sample = shuffledAt(seed, cachedSamples, step * samplesPerStep + i);
      samples.push(await this.#lessons.of(sample, draw));
    }
    const all = joined(samples);
    const rows = all.previous.length;
    const total = all.labels.reduce((sum, label) => sum + label, 0);
    const labels = all.labels.map((label) => label / total);
    let loss = 0;
    for (let from = 0; from < rows; from += rowsPerForward) {
      const lessons = slice({ ...all, labels }, from, Math.min(rows, from + rowsPerForward));
      const result = await this.#trained.add((gradients) =>
        this.#session.run(lessons, this.#trained.values, gradients),
      );
      loss += result.loss;
    }
    return { loss, terms: { chained: loss }, rows, ...(await this.#trained.apply(step, loss)) };
  }

  arrays(): TrainerArrays {
    return this.#trained.arrays();
  }

  /** As `TrainedValues.restore`. */
  restore(arrays: TrainerArrays, optimizerSteps: number): void {
    this.#trained.restore(arrays, optimizerSteps);
  }

  /** Writes the head as it now is. */
  async write(dir: string): Promise<void> {
    await writeTrained(dir, this.#folder, this.#plan, this.#session.parameters, this.#trained.values);
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#trained.release();
    await this.#lessons.release();
  }
}

/** The rows of several samples, one below the other. */
function joined(samples: readonly HeadLessons[]): HeadLessons {
  const put = (key: keyof HeadLessons) => {
    const all = new Float32Array(samples.reduce((sum, sample) => sum + sample[key].length, 0));
    let at = 0;
    for (const { [key]: values } of samples) {
      all.set(values, at);
      at += values.length;
    }
    return all;
  };
  return {
    hidden: put('hidden'),
    candidates: put('candidates'),
    labels: put('labels'),
    previous: put('previous'),
  };
}

/** Rows `from` to `to`, this not included. */
function slice(lessons: HeadLessons, from: number, to: number): HeadLessons {
  const rows = lessons.previous.length;
  const part = (values: Float32Array) => {
    const width = values.length / rows;
    return values.subarray(from * width, to * width);
  };
  return {
    hidden: part(lessons.hidden),
    candidates: part(lessons.candidates),
    labels: part(lessons.labels),
    previous: part(lessons.previous),
  };
}
