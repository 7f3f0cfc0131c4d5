import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import type { Rows } from '../../server/decode/rows.ts';
import {
  type InferenceSession,
  type Ort,
  openSession,
  type Tensor,
  tensors,
} from '../../server/engine/ort.ts';
import type { OrtCache } from '../../server/engine/ort-cache.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { buildPlainForward, PLAIN } from './plain.ts';
import type { Rounding } from './rounding.ts';

/** Added to a score that a row must not see. */
const HIDDEN = -1e30;

/** The plain graph of one model in a session, over the committed tokens of a cache. */
export class PlainForward {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #shape: DenoiserShape;
  readonly #cached: number;
  readonly #past: Record<string, Tensor>;

  private constructor(ort: Ort, session: InferenceSession, cache: OrtCache) {
    this.#ort = ort;
    this.#session = session;
    this.#shape = cache.memory.shape;
    this.#cached = cache.length;
    this.#past = pastOf(ort, cache);
  }

  /** Copies the cache as it is now. */
  static async open(
    ort: Ort,
    folder: ModelFolder,
    threads: number,
    round: Rounding,
    cache: OrtCache,
  ): Promise<PlainForward> {
    const graph = buildPlainForward(folder.spec, folder.weights, round);
    return new PlainForward(ort, await openSession(ort, graph, folder.dir, threads), cache);
  }

  /** Runs the rows behind the cache, of which the `topK` best tokens are wanted. Blocks the event loop until it is done. */
  async run({ ids, positions, visible }: Rows, topK: number): Promise<Record<string, Tensor>> {
    const { i64, f32 } = tensors(this.#ort);
    const i32 = (value: number) => new this.#ort.Tensor('int32', Int32Array.of(value), [1]);
    const [rows, columns] = [ids.length, this.#cached + ids.length];
    const frequencies = inverseFrequencies(this.#shape.rope, this.#shape.headDim);
    const cos = new Float32Array(rows * frequencies.length);
    const sin = new Float32Array(cos.length);
    rotations(frequencies, positions, cos, sin);
    const mask = Float32Array.from({ length: rows * columns }, (_, i) =>
      visible(Math.floor(i / columns), i % columns) ? 0 : HIDDEN,
    );
    return this.#session.run({
      ...this.#past,
      [PLAIN.ids]: i64(ids),
      [PLAIN.cos]: f32(cos, [rows, frequencies.length]),
      [PLAIN.sin]: f32(sin, [rows, frequencies.length]),
      [PLAIN.mask]: f32(mask, [1, 1, rows, columns]),
      [PLAIN.lastColumn]: i32(columns - 1),
      [PLAIN.columns]: i32(columns),
      [PLAIN.count]: i64([topK]),
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** The committed columns of a cache, without the room behind them. */
function pastOf(ort: Ort, cache: OrtCache): Record<string, Tensor> {
  const { kvHeads, headDim } = cache.memory.shape;
  const length = cache.length * headDim;
  const past = cache.memory.arrays.map((array, i) => {
    const columns = new Float32Array(kvHeads * length);
    for (let head = 0; head < kvHeads; head++) {
      const start = cache.memory.offset(head, cache.sample);
      columns.set(array.subarray(start, start + length), head * length);
    }
    const name = i % 2 === 0 ? PLAIN.pastKey(i >> 1) : PLAIN.pastValue(i >> 1);
    return [name, tensors(ort).f32(columns, [1, kvHeads, cache.length, headDim])];
  });
  return Object.fromEntries(past);
}
