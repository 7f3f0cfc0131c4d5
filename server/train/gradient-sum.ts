import { buildAddition, buildSquareSum, GRADIENT_SUM } from '../../kernels/training/gradient-sum.ts';
import { InPlaceSession } from '../engine/in-place-session.ts';
import { loadOrt, type Ort, tensors } from '../engine/ort.ts';
import { chunks } from './chunks.ts';
import type { Gradients } from './gradients.ts';

/**
 * Gradients of the micro-batches of one step, added up. Weights of the losses must have been divided by the totals of
 * the whole step (see `microBatches`): then the sum is the gradient of the step, however it was cut.
 */
export class GradientSum {
  readonly #ort: Ort;
  readonly #addition: InPlaceSession;
  readonly #squareSum: InPlaceSession;
  readonly #sum: Gradients;
  /** Room for all micro-batches of a step but the first; made when a step has a second. */
  #addend: Gradients | undefined;
  #batches = 0;

  private constructor(ort: Ort, addition: InPlaceSession, squareSum: InPlaceSession, sum: Gradients) {
    this.#ort = ort;
    this.#addition = addition;
    this.#squareSum = squareSum;
    this.#sum = sum;
  }

  /** Adds up in the arrays of `sum`, whatever is there. */
  static async open(sum: Gradients, threads: number): Promise<GradientSum> {
    const ort = await loadOrt();
    const [addition, squareSum] = await Promise.all(
      [buildAddition(), buildSquareSum()].map((graph) => InPlaceSession.open(ort, graph, '.', threads, {})),
    );
    return new GradientSum(ort, addition, squareSum, sum);
  }

  /** Nothing has been added since the last `clear`. */
  get empty(): boolean {
    return this.#batches === 0;
  }

  /** Adds what `write` writes into the arrays that it is given; gives what that gives. */
  async add<Result>(write: (gradients: Gradients) => Promise<Result>): Promise<Result> {
    if (this.#batches++ === 0) return write(this.#sum);
    this.#addend ??= new Map([...this.#sum].map(([name, { length }]) => [name, new Float32Array(length)]));
    const result = await write(this.#addend);
    for (const [name, sum] of this.#sum) {
      for (const chunk of chunks(this.#ort, { sum, addend: this.#addend.get(name)! })) {
        await this.#addition.run(chunk, { [GRADIENT_SUM.next]: chunk.sum });
      }
    }
    return result;
  }

  /** Euclidean norm over all gradients together; NaN or infinite if any of their elements is, or squares overflow. */
  async norm(): Promise<number> {
    if (this.empty) return 0;
    const squares = new Float32Array(1);
    const room = { [GRADIENT_SUM.squares]: tensors(this.#ort).f32(squares, []) };
    let total = 0;
    for (const sum of this.#sum.values()) {
      for (const chunk of chunks(this.#ort, { sum })) {
        await this.#squareSum.run(chunk, room);
        total += squares[0];
      }
    }
    return Math.sqrt(total);
  }

  /** Forgets the gradients of the step. */
  clear(): void {
    this.#batches = 0;
  }

  async release(): Promise<void> {
    await this.#addition.release();
    await this.#squareSum.release();
  }
}

/** Factor that brings a gradient of the given norm down to `limit`; 1 where it is below. */
export function clipFactor(norm: number, limit: number): number {
  return norm > limit ? limit / norm : 1;
}
