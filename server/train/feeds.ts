import type { Feed } from '../../kernels/graph.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { chunkParts, type RowLayout, rowLayout } from '../../kernels/training/attention-chunks.ts';
import { TRAINING, type TrainingGraph } from '../../kernels/training/training-graph.ts';
import { type Ort, type Tensor, tensors } from '../engine/ort.ts';
import { type PlannedStep, plannerInputs } from './planner-inputs.ts';

/** Added to a score that a row must not see. */
const HIDDEN = -1e30;

/** Rows that are fed together, and what is to be predicted from them. */
export interface ScoredBatch {
  /** [rows] */
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  /** Which rows gated adapters change, [rows]. */
  noisy?: readonly boolean[];
  /** Rows whose predictions count, and the token that each should give (its place among the candidates, if there are), [selected]. */
  select: readonly number[];
  target: readonly number[];
  /** Sampler head: the token before the predicted one, undefined for a row that is not chained to it, [selected]. */
  previous?: readonly (number | undefined)[];
  /** Steps in which a planner decides. */
  planned?: readonly PlannedStep[];
  /** Further inputs of the graph, by name. */
  inputs?: Readonly<Record<string, Feed>>;
}

/** A batch for the cross-entropy. */
export interface TrainingBatch extends ScoredBatch {
  /** The weight of each prediction's loss, [selected]. */
  weight: readonly number[];
  /** Soft labels: the place among the selected rows of the one to learn from, and the weight of that, [selected]. */
  soft?: { teacher: readonly number[]; weight: readonly number[] };
  /** Weights of the path term and of certainty forcing, [selected]; 0 where they are left out. */
  path?: readonly number[];
  certainty?: readonly number[];
}

/** Values of the parameters by name; they are read where they lie at every run. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

/** Makes the inputs of a training graph, those that it has, from batches. */
export class BatchFeeds {
  readonly #ort: Ort;
  readonly #shape: DenoiserShape;
  readonly #training: TrainingGraph;
  readonly #frequencies: Float64Array;

  constructor(ort: Ort, shape: DenoiserShape, training: TrainingGraph) {
    this.#ort = ort;
    this.#shape = shape;
    this.#training = training;
    this.#frequencies = inverseFrequencies(shape.rope, shape.headDim);
  }

  of(batch: TrainingBatch | ScoredBatch, values: ParameterValues): Record<string, Tensor> {
    const { i64, f32 } = tensors(this.#ort);
    const { order, places, chunks } = rowLayout(batch.ids.length, this.#shape, batch.visible);
    const floats = (data: ArrayLike<number>, dims: readonly number[] = [data.length]) =>
      f32(Float32Array.from(data), dims);
    /** What every place has of the rows; 0 where it is filled up. */
    const inPlaces = (ofRows: readonly number[]) => order.map((row) => ofRows[row] ?? 0);
    /** A number for every selected row, 0 where the batch has none. */
    const column = (numbers: readonly number[] | undefined) => floats(numbers ?? batch.select.map(() => 0));
    const { weight, soft, path, certainty }: Partial<TrainingBatch> = batch;
    const rows = order.length;
    const pairs = this.#frequencies.length;
    const cos = new Float32Array(rows * pairs);
    const sin = new Float32Array(rows * pairs);
    rotations(this.#frequencies, inPlaces(batch.positions), cos, sin);
    const previous = batch.select.map((_, place) => batch.previous?.[place]);
    const makers: Record<string, () => Tensor> = {
      [TRAINING.ids]: () => i64(inPlaces(batch.ids)),
      [TRAINING.cos]: () => f32(cos, [rows, pairs]),
      [TRAINING.sin]: () => f32(sin, [rows, pairs]),
      [TRAINING.gate]: () => floats(inPlaces((batch.noisy ?? []).map(Number)), [rows, 1]),
      [TRAINING.select]: () => i64(batch.select.map((row) => places[row])),
      [TRAINING.target]: () => i64(batch.target),
      [TRAINING.weight]: () => column(weight),
      // A row without a teacher is its own and learns nothing from it.
      [TRAINING.teacher]: () => i64(soft?.teacher ?? [...batch.select.keys()]),
      [TRAINING.softWeight]: () => column(soft?.weight),
      [TRAINING.path]: () => column(path),
      [TRAINING.certainty]: () => column(certainty),
      [TRAINING.previous]: () => i64(previous.map((token) => token ?? 0)),
      [TRAINING.chained]: () => floats(previous.map((token) => (token === undefined ? 0 : 1))),
    };
    const parts = chunkParts(this.#shape);
    const stacked = (rows * this.#shape.heads) / (chunks.length * parts * this.#shape.kvHeads);
    for (const [number, chunk] of chunks.entries()) {
      const names = TRAINING.chunk(number);
      const { columns } = chunk;
      makers[names.columns] = () => i64(columns);
      makers[names.mask] = () =>
        f32(additiveMask(chunk, rows / chunks.length, this.#shape), [parts, 1, stacked, columns.length]);
    }
    const planned = batch.planned?.map((step) => ({ ...step, rows: step.rows.map((row) => places[row]) }));
    const planner = planned && plannerInputs(this.#shape, planned);
    for (const [name, feed] of Object.entries({ ...planner, ...batch.inputs })) {
      makers[name] = () => ('f32' in feed ? floats(feed.f32, feed.dims) : i64(feed.i64, feed.dims));
    }
    const { graph, parameters } = this.#training;
    for (const { name, dims } of parameters) makers[name] = () => f32(values.get(name)!, dims);
    return Object.fromEntries(graph.inputs.map(({ name }) => [name, makers[name]()]));
  }
}

/** [parts, 1, stacked, columns]: every row of the chunk once for each query head of a group. */
function additiveMask(
  { columns, visible }: RowLayout['chunks'][number],
  rows: number,
  { heads, kvHeads }: DenoiserShape,
): Float32Array {
  const width = columns.length;
  const group = heads / kvHeads;
  const mask = new Float32Array(rows * group * width).fill(HIDDEN);
  for (let row = 0; row < rows; row++) {
    const first = row * group * width;
    for (let column = 0; column < width; column++) if (visible(row, column)) mask[first + column] = 0;
    for (let head = 1; head < group; head++) {
      mask.copyWithin(first + head * width, first, first + width);
    }
  }
  return mask;
}
