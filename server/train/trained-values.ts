import type { Parameter } from '../../kernels/training/parameters.ts';
import { UserError } from '../errors.ts';
import { AdamW, type AdamWSettings } from './adamw.ts';
import { clipFactor, type GradientSum } from './gradient-sum.ts';
import type { TrainerArrays } from './run/checkpoint.ts';
import { learningRateAt, type ScheduleSettings } from './schedule.ts';

export type OptimizerSettings = AdamWSettings &
  ScheduleSettings & {
    /** Largest norm of a step's gradient. */
    clip: number;
  };

/** What the optimizer did with the gradients of one step. */
export interface OptimizerReport {
  gradientNorm: number;
  learningRate: number;
  /** The weights stayed as they were, because the loss or a gradient was no finite number. */
  skipped: boolean;
}

const FIRST = 'first:';
const SECOND = 'second:';
const VALUE = 'value:';

/** Weights under training with their optimizer. */
export class TrainedValues {
  /** By parameter. */
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly #settings: OptimizerSettings;
  readonly #optimizer: AdamW;
  readonly #matrices: ReadonlySet<string>;

  private constructor(
    values: ReadonlyMap<string, Float32Array>,
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    optimizer: AdamW,
  ) {
    this.values = values;
    this.#settings = settings;
    this.#optimizer = optimizer;
    this.#matrices = new Set(parameters.filter(({ dims }) => dims.length > 1).map(({ name }) => name));
  }

  static async open(
    values: ReadonlyMap<string, Float32Array>,
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    threads: number,
  ): Promise<TrainedValues> {
    return new TrainedValues(values, parameters, settings, await AdamW.open(settings, threads));
  }

  /** Steps that the optimizer has taken. */
  get optimizerSteps(): number {
    return this.#optimizer.steps;
  }

  /** Takes the step with number `step`, from 0 on; without gradients the weights stay. */
  async apply(step: number, loss: number, sum: GradientSum): Promise<OptimizerReport> {
    const gradientNorm = sum.norm();
    const learningRate = learningRateAt(step, this.#settings);
    const skipped = !Number.isFinite(loss) || !Number.isFinite(gradientNorm);
    if (!skipped && sum.gradients.size > 0) {
      const scale = clipFactor(gradientNorm, this.#settings.clip);
      await this.#optimizer.step(this.values, sum.gradients, learningRate, scale, (name) =>
        this.#matrices.has(name),
      );
    }
    return { gradientNorm, learningRate, skipped };
  }

  /** The weights and the optimizer's moments, by name. */
  arrays(): TrainerArrays {
    const arrays = new Map<string, Float32Array>();
    for (const [name, value] of this.values) {
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

  release(): Promise<void> {
    return this.#optimizer.release();
  }
}
