/**
 * Gradients of the micro-batches of one step, added up. Weights of the losses must have been divided by the totals of
 * the whole step (see `normalizeWeights`): then the sum is the gradient of the step, however it was cut.
 */
export class GradientSum {
  #sums: ReadonlyMap<string, Float32Array> | undefined;

  /** Keeps the arrays of the first call and adds to them. */
  add(gradients: ReadonlyMap<string, Float32Array>): void {
    if (!this.#sums) {
      this.#sums = gradients;
      return;
    }
    for (const [name, sum] of this.#sums) {
      const addend = gradients.get(name)!;
      for (let i = 0; i < sum.length; i++) sum[i] += addend[i];
    }
  }

  /** The sums; empty before the first call of `add`. */
  get gradients(): ReadonlyMap<string, Float32Array> {
    return this.#sums ?? new Map();
  }

  /** Euclidean norm over all gradients together; NaN or infinite if any of their elements is. */
  norm(): number {
    let square = 0;
    for (const gradient of this.gradients.values()) {
      for (let i = 0; i < gradient.length; i++) square += gradient[i] * gradient[i];
    }
    return Math.sqrt(square);
  }
}

/** Factor that brings a gradient of the given norm down to `limit`; 1 where it is below. */
export function clipFactor(norm: number, limit: number): number {
  return norm > limit ? limit / norm : 1;
}
