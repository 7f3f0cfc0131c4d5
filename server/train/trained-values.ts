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
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    parts: { sum: GradientSum; optimizer: AdamW },
  ) {
    this.#settings = settings;
    this.#sum = parts.sum;
    this.#optimizer = parts.optimizer;
    this.#matrices = new Set(parameters.filter(({ dims }) => dims.length > 1).map(({ name }) => name));
    this.values = new Map([...this.#optimizer.parameters].map(([name, { value }]) => [name, value]));
  }

  /** Begins with a copy of `initial`. Throws UserError for a parameter that is too large. */
  static async open(
    initial: ReadonlyMap<string, Float32Array>,
    parameters: readonly Parameter[],
    settings: OptimizerSettings,
    threads: number,
  ): Promise<TrainedValues> {
    const lengths = new Map([...initial].map(([name, { length }]) => [name, length]));
    const optimizer = new AdamW(settings, lengths);
    for (const [name, { value }] of optimizer.parameters) value.set(initial.get(name)!);
    const gradients = new Map([...optimizer.parameters].map(([name, { gradient }]) => [name, gradient]));
    const sum = await GradientSum.open(gradients, threads);
    return new TrainedValues(parameters, settings, { sum, optimizer });
  }

  /** Steps that the optimizer has taken. */
  get optimizerSteps(): number {
    return this.#optimizer.steps;
  }

  /** One micro-batch of the step: `write` writes its gradients into the arrays that it is given. */
  add<Result>(write: (gradients: Gradients) => Promise<Result>): Promise<Result> {
    return this.#sum.add(write);
  }

  /** Takes the step with number `step`, from 0 on, by what was added; without gradients the weights stay. */
  async apply(step: number, loss: number): Promise<OptimizerReport> {
    const gradientNorm = await this.#sum.norm();
    const learningRate = learningRateAt(step, this.#settings);
    const skipped = !Number.isFinite(loss) || !Number.isFinite(gradientNorm);
    if (!skipped && !this.#sum.empty) {
      const scale = clipFactor(gradientNorm, this.#settings.clip);
      this.#optimizer.step(learningRate, scale, (name) => this.#matrices.has(name));
    }
    this.#sum.clear();
    return { gradientNorm, learningRate, skipped };
  }

  /** The weights and the optimizer's moments, by name. */
  arrays(): TrainerArrays {
    const arrays = new Map<string, Float32Array>();
    for (const [name, { value, first, second }] of this.#optimizer.parameters) {
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
    return this.#sum.release();
  }
}
