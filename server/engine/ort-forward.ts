import { grouped } from '../../kernels/attention/grouped.ts';
import { buildForward, FORWARD } from '../../kernels/forward.ts';
import type { Head } from '../../kernels/head.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { int8 } from '../../kernels/linear/int8.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import {
  type InferenceSession,
  nativeActivations,
  type Ort,
  openSession,
  type Tensor,
  tensors,
} from './ort.ts';
import type { OrtCache } from './ort-cache.ts';

/** Added to a score that a row must not see. */
const HIDDEN = -1e30;

/** Rows of one run of the forward graph; fields as in ForwardRequest. */
export interface ForwardRows {
  cache: OrtCache;
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
  select: readonly number[];
}

/** The forward graph of one model in a session: fills its inputs from rows. */
export class OrtForward {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #shape: DenoiserShape;
  readonly #frequencies: Float64Array;

  private constructor(ort: Ort, session: InferenceSession, shape: DenoiserShape) {
    this.#ort = ort;
    this.#session = session;
    this.#shape = shape;
    this.#frequencies = inverseFrequencies(shape.rope, shape.headDim);
  }

  static async open(ort: Ort, folder: ModelFolder, head: Head, threads: number): Promise<OrtForward> {
    const precision =
      folder.quantization === 'int8' ? int8(nativeActivations(), folder.spec.normedRange) : fp32;
    const graph = buildForward(folder.spec, folder.weights, { precision, attention: grouped, head });
    return new OrtForward(ort, await openSession(ort, graph, folder.dir, threads), folder.spec);
  }

  /** Runs the graph; `extra` are inputs of the head. Blocks the event loop until it is done. */
  async run(rows: ForwardRows, extra: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const { i64, f32 } = tensors(this.#ort);
    const count = rows.ids.length;
    const pairs = this.#frequencies.length;
    const cos = new Float32Array(count * pairs);
    const sin = new Float32Array(count * pairs);
    rotations(this.#frequencies, rows.positions, cos, sin);
    const { heads, kvHeads } = this.#shape;
    const group = heads / kvHeads;
    rows.cache.reserve(count);
    return this.#session.run({
      ...rows.cache.feeds,
      ...extra,
      [FORWARD.ids]: i64(rows.ids),
      [FORWARD.cos]: f32(cos, [count, pairs]),
      [FORWARD.sin]: f32(sin, [count, pairs]),
      [FORWARD.mask]: f32(additiveMask(rows, group), [1, count * group, rows.cache.capacity]),
      [FORWARD.slots]: i64(slots(rows.cache, kvHeads, count), [kvHeads, count, 2]),
      [FORWARD.placement]: f32(placement(rows.cache, count), [count, rows.cache.capacity]),
      [FORWARD.select]: i64(rows.select),
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** The mask of a forward, [rows·group, capacity]: every row once for each query head of a group. */
function additiveMask({ cache, ids, visible }: ForwardRows, group: number): Float32Array {
  const columns = cache.capacity;
  const used = cache.length + ids.length;
  const mask = new Float32Array(ids.length * group * columns).fill(HIDDEN);
  for (let row = 0; row < ids.length; row++) {
    const first = row * group * columns;
    for (let column = 0; column < used; column++) {
      if (visible(row, column)) mask[first + column] = 0;
    }
    for (let head = 1; head < group; head++) {
      mask.copyWithin(first + head * columns, first, first + columns);
    }
  }
  return mask;
}

/** (head, column) of every new row: the columns after the committed ones. */
function slots(cache: OrtCache, kvHeads: number, rows: number): number[] {
  return Array.from({ length: kvHeads * rows }, (_, i) => [
    Math.floor(i / rows),
    cache.length + (i % rows),
  ]).flat();
}

/** The same columns as a matrix of ones and zeros, [rows, capacity]. */
function placement(cache: OrtCache, rows: number): Float32Array {
  const matrix = new Float32Array(rows * cache.capacity);
  for (let row = 0; row < rows; row++) matrix[row * cache.capacity + cache.length + row] = 1;
  return matrix;
}
