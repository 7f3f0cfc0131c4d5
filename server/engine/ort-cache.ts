import { FORWARD } from '../../kernels/forward.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import type { KvCache } from '../decode/denoiser.ts';
import { type Ort, type Tensor, tensors } from './ort.ts';

/**
 * The cache grows by this many columns at a time; unused ones are masked in every forward. A multiple of the width in
 * which the runtime sums a softmax, so that a sum's order does not depend on the number of unused columns.
 */
const GRANULARITY = 64;

/** Keys and values as the forward graph takes them: for every layer [kvHeads, capacity, headDim], twice. */
export class OrtCache implements KvCache {
  readonly tokens: number[] = [];
  readonly #ort: Ort;
  readonly #shape: DenoiserShape;
  #capacity = 0;
  /** Keys of layer 0, values of layer 0, keys of layer 1, … */
  #arrays: Float32Array[] = [];
  #feeds: Record<string, Tensor> = {};

  constructor(ort: Ort, shape: DenoiserShape) {
    this.#ort = ort;
    this.#shape = shape;
    this.reserve(1);
  }

  get length(): number {
    return this.tokens.length;
  }

  /** Columns of the arrays, those past `length` included. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The graph's inputs for the past; their data is this cache's own memory. */
  get feeds(): Readonly<Record<string, Tensor>> {
    return this.#feeds;
  }

  truncate(length: number): void {
    if (length >= this.length) return;
    const { kvHeads, headDim } = this.#shape;
    // Unused keys are zeros, so that the scores of new rows can be added in their place.
    for (let i = 0; i < this.#arrays.length; i += 2) {
      for (let head = 0; head < kvHeads; head++) {
        const first = head * this.#capacity;
        this.#arrays[i].fill(0, (first + length) * headDim, (first + this.length) * headDim);
      }
    }
    this.tokens.length = length;
  }

  /** Makes room for `rows` columns after the committed ones. */
  reserve(rows: number): void {
    const needed = this.length + rows;
    if (needed > this.#capacity) this.#grow(Math.ceil(needed / GRANULARITY) * GRANULARITY);
  }

  /**
   * Appends the first `count` rows of a forward: `keysValues` is [layers·2·kvHeads, rows, headDim], `ids` their tokens.
   */
  append(keysValues: Float32Array, rows: number, ids: readonly number[], count: number): void {
    const { kvHeads, headDim } = this.#shape;
    const start = this.length;
    this.reserve(count);
    for (let i = 0; i < this.#arrays.length; i++) {
      for (let head = 0; head < kvHeads; head++) {
        const from = (i * kvHeads + head) * rows * headDim;
        this.#arrays[i].set(
          keysValues.subarray(from, from + count * headDim),
          (head * this.#capacity + start) * headDim,
        );
      }
    }
    for (let r = 0; r < count; r++) this.tokens.push(ids[r]);
  }

  #grow(capacity: number): void {
    const { layers, kvHeads, headDim } = this.#shape;
    const old = this.#arrays;
    const oldHead = this.#capacity * headDim;
    const { f32 } = tensors(this.#ort);
    this.#arrays = Array.from({ length: layers * 2 }, (_, i) => {
      const grown = new Float32Array(kvHeads * capacity * headDim);
      for (let head = 0; old[i] && head < kvHeads; head++) {
        grown.set(old[i].subarray(head * oldHead, (head + 1) * oldHead), head * capacity * headDim);
      }
      return grown;
    });
    this.#capacity = capacity;
    this.#feeds = {};
    this.#arrays.forEach((array, i) => {
      const name = i % 2 === 0 ? FORWARD.pastKey(i >> 1) : FORWARD.pastValue(i >> 1);
      this.#feeds[name] = f32(array, [kvHeads, capacity, headDim]);
    });
  }
}
