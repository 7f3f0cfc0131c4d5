import { FORWARD } from '../../kernels/forward.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';
import type { OrtCache } from './ort-cache.ts';

/** Added to a score that a row must not see. */
const HIDDEN = -1e30;

/** Rows behind a cache; fields as in ForwardRequest. */
export interface CacheRows {
  cache: OrtCache;
  ids: readonly number[];
  positions: readonly number[];
  visible(row: number, column: number): boolean;
}

/** What attention takes: the inputs of AttentionInputs and the past of the rows of one cache, or of a batch. */
export class RowFeeds {
  readonly #ort: Ort;
  readonly #shape: DenoiserShape;
  readonly #batch: boolean;
  readonly #frequencies: Float64Array;

  constructor(ort: Ort, shape: DenoiserShape, batch = false) {
    this.#ort = ort;
    this.#shape = shape;
    this.#batch = batch;
    this.#frequencies = inverseFrequencies(shape.rope, shape.rotaryDim ?? shape.headDim);
  }

  /** Makes room in the memory of the caches for the rows. */
  make(samples: readonly CacheRows[]): Record<string, Tensor> {
    const { i64, f32 } = tensors(this.#ort);
    const { heads, kvHeads, headDim } = this.#shape;
    const { memory } = samples[0].cache;
    const places = Math.max(...samples.map(({ ids }) => ids.length));
    memory.reserve(Math.max(...samples.map(({ cache }) => cache.length)) + places);
    const columns = memory.capacity;
    const pairs = this.#frequencies.length;
    const cos = new Float32Array(samples.length * places * pairs);
    const sin = new Float32Array(cos.length);
    const positions = samples.flatMap((rows) => padded(rows.positions, places));
    rotations(this.#frequencies, positions, cos, sin);
    const group = heads / kvHeads;
    const batched = this.#batch ? [samples.length] : [];
    const starts = rowStarts(samples);
    return {
      ...memory.feeds,
      [FORWARD.cos]: f32(cos, [positions.length, pairs]),
      [FORWARD.sin]: f32(sin, [positions.length, pairs]),
      [FORWARD.mask]: f32(additiveMask(samples, places, columns, group), [
        1,
        ...batched,
        places * group,
        columns,
      ]),
      [FORWARD.slots]: i64(slots(samples, places, kvHeads, this.#batch), [
        kvHeads,
        ...batched,
        places,
        2 + batched.length,
      ]),
      [FORWARD.placement]: f32(placement(samples, places, columns), [...batched, places, columns]),
      ...(this.#batch && {
        [FORWARD.rowOfPlace]: i64(
          samples.flatMap(({ ids }, i) => padded(from(starts[i], ids.length), places)),
        ),
        [FORWARD.placeOfRow]: i64(samples.flatMap(({ ids }, i) => from(i * places, ids.length))),
        [FORWARD.heads]: i64([kvHeads, samples.length, -1, headDim]),
      }),
    };
  }
}

/** The number of rows before those of each sample. */
export function rowStarts(samples: readonly { ids: readonly number[] }[]): number[] {
  let rows = 0;
  return samples.map(({ ids }) => {
    rows += ids.length;
    return rows - ids.length;
  });
}

function from(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i);
}

/** Zeros where a sample has no row. */
function padded(values: readonly number[], places: number): number[] {
  return Array.from({ length: places }, (_, i) => values[i] ?? 0);
}

/** The mask of a forward, [samples, places·group, columns]: every row once for each query head of a group. */
function additiveMask(
  samples: readonly CacheRows[],
  places: number,
  columns: number,
  group: number,
): Float32Array {
  const mask = new Float32Array(samples.length * places * group * columns).fill(HIDDEN);
  for (const [i, { cache, ids, visible }] of samples.entries()) {
    const used = cache.length + ids.length;
    for (let row = 0; row < ids.length; row++) {
      const first = (i * places + row) * group * columns;
      for (let column = 0; column < used; column++) {
        if (visible(row, column)) mask[first + column] = 0;
      }
      for (let head = 1; head < group; head++) {
        mask.copyWithin(first + head * columns, first, first + columns);
      }
    }
  }
  return mask;
}

/** (head, column) of every place, in a batch (head, sample, column): the columns after the committed ones. */
function slots(samples: readonly CacheRows[], places: number, kvHeads: number, batch: boolean): number[] {
  const all: number[] = [];
  for (let head = 0; head < kvHeads; head++) {
    for (const [i, { cache }] of samples.entries()) {
      for (let place = 0; place < places; place++) {
        if (batch) all.push(head, i, cache.length + place);
        else all.push(head, cache.length + place);
      }
    }
  }
  return all;
}

/** The same columns as matrices of ones and zeros, [samples, places, columns]. */
function placement(samples: readonly CacheRows[], places: number, columns: number): Float32Array {
  const matrix = new Float32Array(samples.length * places * columns);
  for (const [i, { cache }] of samples.entries()) {
    for (let place = 0; place < places; place++) {
      matrix[(i * places + place) * columns + cache.length + place] = 1;
    }
  }
  return matrix;
}
