import { sizeOf } from '../../kernels/naive-tensor.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import type { Parameter, TrainingPlan } from '../../kernels/training/parameters.ts';
import {
  buildTrainingGraph,
  TRAINING,
  type TrainingGraph,
  type TrainingGraphOptions,
} from '../../kernels/training/training-graph.ts';
import {
  type InferenceSession,
  loadOrt,
  type Ort,
  openSession,
  type Tensor,
  tensors,
} from '../engine/ort.ts';
import type { ModelFolder } from '../models/model-folder.ts';

/** Added to a score that a row must not see. */
const HIDDEN = -1e30;

/** Rows that are fed together, and what is to be predicted from them. */
export interface ScoredBatch {
  /** [rows] */
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  /** Rows whose predictions count, and the token that each should give (its place among the candidates, if there are), [selected]. */
  select: readonly number[];
  target: readonly number[];
  /** Sampler head: the token before the predicted one, undefined for a row that is not chained to it, [selected]. */
  previous?: readonly (number | undefined)[];
  /** Further inputs of the graph, by name. */
  inputs?: Readonly<Record<string, Feed>>;
}

/** Numbers of one type; a vector where no dimensions are given. */
export type Feed = { dims?: readonly number[] } & ({ f32: readonly number[] } | { i64: readonly number[] });

/** A batch for the cross-entropy. */
export interface TrainingBatch extends ScoredBatch {
  /** The weight of each prediction's loss, [selected]. */
  weight: readonly number[];
  /** Soft labels: the place among the selected rows of the one to learn from, and the weight of that, [selected]. */
  soft?: { teacher: readonly number[]; weight: readonly number[] };
}

export interface TrainingResult {
  /** As `crossEntropy` defines it. */
  loss: number;
  /** log p(target) of every selected row. */
  logProbabilities: Float32Array;
  gradients: Gradients;
}

/** By parameter, as large as the parameter. */
export type Gradients = ReadonlyMap<string, Float32Array>;

/** Values of the parameters by name; they are read where they lie at every run. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

/** The training graph of one model in a session: loss and gradients of a batch. */
export class TrainingSession {
  readonly parameters: readonly Parameter[];
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #shape: DenoiserShape;
  readonly #frequencies: Float64Array;
  /** Names of the graph's inputs. */
  readonly #inputs: ReadonlySet<string>;

  private constructor(
    ort: Ort,
    session: InferenceSession,
    shape: DenoiserShape,
    { graph, parameters }: TrainingGraph,
  ) {
    this.#inputs = new Set(graph.inputs.map(({ name }) => name));
    this.parameters = parameters;
    this.#ort = ort;
    this.#session = session;
    this.#shape = shape;
    this.#frequencies = inverseFrequencies(shape.rope, shape.headDim);
  }

  /** Frozen weights stay in the model's files, from where the runtime maps them. */
  static async open(
    folder: ModelFolder,
    plan: TrainingPlan,
    threads: number,
    options: TrainingGraphOptions = {},
  ): Promise<TrainingSession> {
    const ort = await loadOrt();
    const training = buildTrainingGraph(folder.spec, folder.weights, plan, options);
    const session = await openSession(ort, training.graph, folder.dir, threads, { planMemory: false });
    return new TrainingSession(ort, session, folder.spec, training);
  }

  /** Room for the gradients of a run. */
  newGradients(): Gradients {
    return new Map(this.parameters.map(({ name, dims }) => [name, new Float32Array(sizeOf(dims))]));
  }

  /** Writes the gradients into the arrays of `gradients`, whatever is there. Blocks the event loop until it is done. */
  async run(
    batch: TrainingBatch | ScoredBatch,
    values: ParameterValues,
    gradients: Gradients = this.newGradients(),
  ): Promise<TrainingResult> {
    const { f32 } = tensors(this.#ort);
    // Outputs without an array of their own would be copied out of the session: 650 MB for all weights.
    const fetches: Record<string, Tensor | null> = {
      [TRAINING.loss]: null,
      [TRAINING.logProbabilities]: null,
    };
    for (const { name, dims } of this.parameters) {
      fetches[TRAINING.gradient(name)] = f32(gradients.get(name)!, dims);
    }
    const out = await this.#session.run(this.#feeds(batch, values), fetches);
    const data = (name: string) => out[name].data as Float32Array;
    return { loss: data(TRAINING.loss)[0], logProbabilities: data(TRAINING.logProbabilities), gradients };
  }

  /** log p(target) of every selected row; for graphs without a loss. Blocks the event loop until it is done. */
  async score(batch: ScoredBatch, values: ParameterValues): Promise<Float32Array> {
    const out = await this.#session.run(this.#feeds(batch, values));
    return out[TRAINING.logProbabilities].data as Float32Array;
  }

  #feeds(batch: TrainingBatch | ScoredBatch, values: ParameterValues): Record<string, Tensor> {
    const { i64, f32 } = tensors(this.#ort);
    const floats = (data: readonly number[], dims: readonly number[] = [data.length]) =>
      f32(Float32Array.from(data), dims);
    const rows = batch.ids.length;
    const pairs = this.#frequencies.length;
    const cos = new Float32Array(rows * pairs);
    const sin = new Float32Array(rows * pairs);
    rotations(this.#frequencies, batch.positions, cos, sin);
    const group = this.#shape.heads / this.#shape.kvHeads;
    const feeds: Record<string, Tensor> = {
      [TRAINING.ids]: i64(batch.ids),
      [TRAINING.cos]: f32(cos, [rows, pairs]),
      [TRAINING.sin]: f32(sin, [rows, pairs]),
      [TRAINING.mask]: f32(additiveMask(batch, group), [1, rows * group, rows]),
      [TRAINING.select]: i64(batch.select),
      [TRAINING.target]: i64(batch.target),
    };
    if ('weight' in batch) feeds[TRAINING.weight] = floats(batch.weight);
    if ('weight' in batch && this.#inputs.has(TRAINING.teacher)) {
      const { teacher, weight } = batch.soft ?? noSoftLabels(batch);
      feeds[TRAINING.teacher] = i64(teacher);
      feeds[TRAINING.softWeight] = floats(weight);
    }
    if (this.#inputs.has(TRAINING.previous)) {
      const previous = batch.select.map((_, i) => batch.previous?.[i]);
      feeds[TRAINING.previous] = i64(previous.map((token) => token ?? 0));
      feeds[TRAINING.chained] = floats(previous.map((token) => (token === undefined ? 0 : 1)));
    }
    for (const [name, feed] of Object.entries(batch.inputs ?? {})) {
      feeds[name] = 'f32' in feed ? floats(feed.f32, feed.dims) : i64(feed.i64, feed.dims);
    }
    for (const { name, dims } of this.parameters) feeds[name] = f32(values.get(name)!, dims);
    return feeds;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Every row is its own teacher and learns nothing from it. */
function noSoftLabels({ select }: TrainingBatch): NonNullable<TrainingBatch['soft']> {
  return { teacher: [...select.keys()], weight: select.map(() => 0) };
}

/** [rows·group, rows]: every row once for each query head of a group. */
function additiveMask({ ids, visible }: ScoredBatch, group: number): Float32Array {
  const columns = ids.length;
  const mask = new Float32Array(columns * group * columns).fill(HIDDEN);
  for (let row = 0; row < columns; row++) {
    const first = row * group * columns;
    for (let column = 0; column < columns; column++) {
      if (visible(row, column)) mask[first + column] = 0;
    }
    for (let head = 1; head < group; head++) {
      mask.copyWithin(first + head * columns, first, first + columns);
    }
  }
  return mask;
}
