import type { Parameter } from '../../kernels/training/parameters.ts';
import { UserError } from '../errors.ts';
import { AdamW, type AdamWSettings } from './adamw.ts';
import { clipFactor, GradientSum } from './gradient-sum.ts';
import type { Gradients } from './gradients.ts';
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
  readonly #sum: GradientSum;
  readonly #optimizer: AdamW;
  readonly #matrices: ReadonlySet<string>;

  private constructor(
    values: ReadonlyMap<string, Float32Array>,
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    parts: { sum: GradientSum; optimizer: AdamW },
  ) {
    this.values = values;
    this.#settings = settings;
    this.#sum = parts.sum;
    this.#optimizer = parts.optimizer;
    this.#matrices = new Set(parameters.filter(({ dims }) => dims.length > 1).map(({ name }) => name));
  }

  static async open(
    values: ReadonlyMap<string, Float32Array>,
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    threads: number,
  ): Promise<TrainedValues> {
    const [sum, optimizer] = await Promise.all([GradientSum.open(threads), AdamW.open(settings, threads)]);
    return new TrainedValues(values, parameters, settings, { sum, optimizer });
  }

  /** Steps that the optimizer has taken. */
  get optimizerSteps(): number {
    return this.#optimizer.steps;
  }

  /** Gradients of one micro-batch of the step; the arrays of the first one are kept until `apply`. */
  add(gradients: Gradients): Promise<void> {
    return this.#sum.add(gradients);
  }

  /** Takes the step with number `step`, from 0 on, by what was added; without gradients the weights stay. */
  async apply(step: number, loss: number): Promise<OptimizerReport> {
    const gradientNorm = await this.#sum.norm();
    const learningRate = learningRateAt(step, this.#settings);
    const skipped = !Number.isFinite(loss) || !Number.isFinite(gradientNorm);
    const { gradients } = this.#sum;
    if (!skipped && gradients.size > 0) {
      const scale = clipFactor(gradientNorm, this.#settings.clip);
      await this.#optimizer.step(this.values, gradients, learningRate, scale, (name) =>
        this.#matrices.has(name),
      );
    }
    this.#sum.clear();
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

  async release(): Promise<void> {
    await this.#sum.release();
    await this.#optimizer.release();
  }
}
