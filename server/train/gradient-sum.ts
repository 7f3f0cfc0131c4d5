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
  /** Empty before the first call of `add`. */
  gradients: Gradients = new Map();

  private constructor(ort: Ort, addition: InPlaceSession, squareSum: InPlaceSession) {
    this.#ort = ort;
    this.#addition = addition;
    this.#squareSum = squareSum;
  }

  static async open(threads: number): Promise<GradientSum> {
    const ort = await loadOrt();
    const [addition, squareSum] = await Promise.all(
      [buildAddition(), buildSquareSum()].map((graph) => InPlaceSession.open(ort, graph, '.', threads, {})),
    );
    return new GradientSum(ort, addition, squareSum);
  }

  /** Keeps the arrays of the first call and adds to them. */
  async add(gradients: Gradients): Promise<void> {
    if (this.gradients.size === 0) {
      this.gradients = gradients;
      return;
    }
    for (const [name, sum] of this.gradients) {
      for (const chunk of chunks(this.#ort, { sum, addend: gradients.get(name)! })) {
        await this.#addition.run(chunk, { [GRADIENT_SUM.next]: chunk.sum });
      }
    }
  }

  /** Euclidean norm over all gradients together; NaN or infinite if any of their elements is, or squares overflow. */
  async norm(): Promise<number> {
    const squares = new Float32Array(1);
    const room = { [GRADIENT_SUM.squares]: tensors(this.#ort).f32(squares, []) };
    let total = 0;
    for (const sum of this.gradients.values()) {
      for (const chunk of chunks(this.#ort, { sum })) {
        await this.#squareSum.run(chunk, room);
        total += squares[0];
      }
    }
    return Math.sqrt(total);
  }

  /** Forgets the gradients of the step. */
  clear(): void {
    this.gradients = new Map();
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
