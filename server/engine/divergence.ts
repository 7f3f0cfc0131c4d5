import type { Quality } from '../models/model-folder.ts';

/**
 * How far one distribution per row is from the expected one, from logits that come some tokens at a time:
 * KL(p ‖ q) = Σ p·(log p − log q) = E_p[x − y] − log Σ eˣ + log Σ eʸ for the expected logits x and the actual ones y.
 */
export class Divergence {
  readonly #expected: RowSums[];
  readonly #actual: RowSums[];
  /** Σ e^(x − largest x)·(x − y) of every row. */
  readonly #gaps: Float64Array;

  constructor(rows: number) {
    this.#expected = Array.from({ length: rows }, () => new RowSums());
    this.#actual = Array.from({ length: rows }, () => new RowSums());
    this.#gaps = new Float64Array(rows);
  }

  /** Takes the logits of the tokens `start` … `start + count − 1`, [rows, count]. */
  add(
    expected: Float32Array,
    actual: Float32Array,
    { start, count }: { start: number; count: number },
  ): void {
    for (let row = 0; row < this.#gaps.length; row++) {
      const [x, y] = [expected, actual].map((logits) => logits.subarray(row * count, (row + 1) * count));
      this.#gaps[row] *= this.#expected[row].add(x, start);
      this.#actual[row].add(y, start);
      const { largest } = this.#expected[row];
      for (let i = 0; i < count; i++) this.#gaps[row] += Math.exp(x[i] - largest) * (x[i] - y[i]);
    }
  }

  /** Means over the rows, in nats; every token must have been added. */
  quality(): Quality {
    const rows = this.#gaps.length;
    let agreeing = 0;
    let total = 0;
    for (const [row, gap] of this.#gaps.entries()) {
      const [p, q] = [this.#expected[row], this.#actual[row]];
      total += gap / p.sum - p.logSum + q.logSum;
      if (p.best === q.best) agreeing++;
    }
    return { rows, top1Agreement: agreeing / rows, divergence: total / rows };
  }
}

/** Of the logits of one row: the largest, its token, and Σ e^(logit − largest). */
class RowSums {
  largest = Number.NEGATIVE_INFINITY;
  best = 0;
  sum = 0;

  get logSum(): number {
    return Math.log(this.sum) + this.largest;
  }

  /** Returns the factor by which sums relative to the largest logit change. */
  add(logits: Float32Array, start: number): number {
    const before = this.largest;
    for (const [i, logit] of logits.entries()) {
      if (logit <= this.largest) continue;
      this.largest = logit;
      this.best = start + i;
    }
    const factor = Math.exp(before - this.largest);
    this.sum *= factor;
    for (const logit of logits) this.sum += Math.exp(logit - this.largest);
    return factor;
  }
}
