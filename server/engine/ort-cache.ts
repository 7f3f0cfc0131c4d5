import { FORWARD } from '../../kernels/forward.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import type { KvCache } from '../decode/denoiser.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';

/**
 * A cache grows by this many columns at a time; unused ones are masked in every forward. A multiple of the width in
 * which the runtime sums a softmax, so that a sum's order does not depend on the number of unused columns.
 */
const GROWTH = 64;
/** The same for a cache that a device keeps, where it is brought anew when it has grown. */
export const DEVICE_GROWTH = 8 * GROWTH;

/**
 * Keys and values as the forward graph takes them: for every layer [kvHeads, capacity, headDim], twice; those of a
 * batch [kvHeads, samples, capacity, headDim].
 */
export class OrtCacheMemory {
  readonly samples: number;
  /** Columns of the arrays, used or not. */
  capacity = 0;
  /** The graph's inputs for the past; their data is this memory. */
  feeds: Readonly<Record<string, Tensor>> = {};
  /** Keys of layer 0, values of layer 0, keys of layer 1, … */
  arrays: Float32Array[] = [];
  readonly shape: DenoiserShape;
  readonly #ort: Ort;
  readonly #batch: boolean;
  readonly #growth: number;

  /** `samples`: of a batch; without it the memory is that of one cache. `growth`: a multiple of 64 columns. */
  constructor(
    ort: Ort,
    shape: DenoiserShape,
    { samples, growth = GROWTH }: { samples?: number; growth?: number } = {},
  ) {
    this.#ort = ort;
    this.shape = shape;
    this.#batch = samples !== undefined;
    this.#growth = growth;
    this.samples = samples ?? 1;
    this.reserve(1);
  }

  /** Makes room for `columns`. */
  reserve(columns: number): void {
    if (columns > this.capacity) this.#grow(Math.ceil(columns / this.#growth) * this.#growth);
  }

  /** Where the columns of a sample's key-value head begin in an array. */
  offset(head: number, sample: number): number {
    return (head * this.samples + sample) * this.capacity * this.shape.headDim;
  }

  #grow(capacity: number): void {
    const { layers, kvHeads, headDim } = this.shape;
    const old = this.arrays;
    const [oldLength, length] = [this.capacity * headDim, capacity * headDim];
    const { f32 } = tensors(this.#ort);
    this.arrays = Array.from({ length: layers * 2 }, (_, i) => {
      const grown = new Float32Array(kvHeads * this.samples * length);
      for (let part = 0; old[i] && part < kvHeads * this.samples; part++) {
        grown.set(old[i].subarray(part * oldLength, (part + 1) * oldLength), part * length);
      }
      return grown;
    });
    this.capacity = capacity;
    const dims = [kvHeads, ...(this.#batch ? [this.samples] : []), capacity, headDim];
    this.feeds = Object.fromEntries(
      this.arrays.map((array, i) => [
        i % 2 === 0 ? FORWARD.pastKey(i >> 1) : FORWARD.pastValue(i >> 1),
        f32(array, dims),
      ]),
    );
  }
}

/** The cache of one sample in a memory. */
export class OrtCache implements KvCache {
  readonly tokens: number[] = [];
  /** How many columns are those of the last forward and the rows that were committed from it, see DevicePast. */
  settled = 0;
  /** Rises with every forward that it is fed to and with every change of its columns. */
  version = 0;
  readonly memory: OrtCacheMemory;
  readonly sample: number;

  constructor(memory: OrtCacheMemory, sample = 0) {
    this.memory = memory;
    this.sample = sample;
  }

  get length(): number {
    return this.tokens.length;
  }

  truncate(length: number): void {
    if (length >= this.length) return;
    const { kvHeads, headDim } = this.memory.shape;
    // Unused keys are zeros, so that the scores of new rows can be added in their place.
    for (let i = 0; i < this.memory.arrays.length; i += 2) {
      for (let head = 0; head < kvHeads; head++) {
        const first = this.memory.offset(head, this.sample);
        this.memory.arrays[i].fill(0, first + length * headDim, first + this.length * headDim);
      }
    }
    this.tokens.length = length;
    this.version++;
    this.settled = Math.min(this.settled, length);
  }

  /**
   * Appends the first `count` rows of a forward, whose keys and values begin at row `first` of `keysValues`
   * [layers·2·kvHeads, rows, headDim]; `ids` are their tokens.
   */
  append(keysValues: Float32Array, rows: number, first: number, ids: readonly number[], count: number): void {
    if (count === 0) return;
    const { kvHeads, headDim } = this.memory.shape;
    const start = this.length;
    this.memory.reserve(start + count);
    for (let i = 0; i < this.memory.arrays.length; i++) {
      for (let head = 0; head < kvHeads; head++) {
        const from = ((i * kvHeads + head) * rows + first) * headDim;
        this.memory.arrays[i].set(
          keysValues.subarray(from, from + count * headDim),
          this.memory.offset(head, this.sample) + start * headDim,
        );
      }
    }
    for (let r = 0; r < count; r++) this.tokens.push(ids[r]);
    this.version++;
    if (this.settled === start) this.settled = this.length;
  }

  /** Forgets all columns and takes those of another cache. */
  copy(other: OrtCache): void {
    const { kvHeads, headDim } = this.memory.shape;
    this.truncate(0);
    this.memory.reserve(other.length);
    for (const [i, array] of this.memory.arrays.entries()) {
      for (let head = 0; head < kvHeads; head++) {
        const from = other.memory.offset(head, other.sample);
        array.set(
          other.memory.arrays[i].subarray(from, from + other.length * headDim),
          this.memory.offset(head, this.sample),
        );
      }
    }
    this.tokens.push(...other.tokens);
    this.version++;
  }
}
