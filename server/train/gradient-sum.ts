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
    for (const gradient of this.gradients.values()) square += squareSum(gradient);
    return Math.sqrt(square);
  }
}

/** Factor that brings a gradient of the given norm down to `limit`; 1 where it is below. */
export function clipFactor(norm: number, limit: number): number {
  return norm > limit ? limit / norm : 1;
}

/** In four sums side by side: a single one would wait for the end of every addition. */
function squareSum(x: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const fours = x.length - (x.length % 4);
  for (let i = 0; i < fours; i += 4) {
    a += x[i] * x[i];
    b += x[i + 1] * x[i + 1];
    c += x[i + 2] * x[i + 2];
    d += x[i + 3] * x[i + 3];
  }
  for (let i = fours; i < x.length; i++) a += x[i] * x[i];
  return a + b + c + d;
}
