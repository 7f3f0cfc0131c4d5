/** Arithmetic of the naive kernels, in double precision; sums run in index order. */

/** Root-mean-square norm of every group of `scale.length` numbers (a row, or one head of it). */
export function normalize(input: Float64Array, scale: ArrayLike<number>, epsilon: number): Float64Array {
  const size = scale.length;
  const output = new Float64Array(input.length);
  for (let first = 0; first < input.length; first += size) {
    const factor = 1 / Math.sqrt(dot(input, first, input, first, size) / size + epsilon);
    for (let i = 0; i < size; i++) output[first + i] = input[first + i] * factor * scale[i];
  }
  return output;
}

/** x · Wᵀ + bias for every row of `input`, [rows, inSize] → [rows, outSize]. */
export function linear(
  input: Float64Array,
  matrix: Float32Array | Float64Array,
  inSize: number,
  outSize: number,
  bias?: ArrayLike<number>,
): Float64Array {
  const rows = input.length / inSize;
  const output = new Float64Array(rows * outSize);
  for (let row = 0; row < rows; row++) {
    for (let out = 0; out < outSize; out++) {
      output[row * outSize + out] =
        dot(input, row * inSize, matrix, out * inSize, inSize) + (bias ? bias[out] : 0);
    }
  }
  return output;
}

export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

export function softmax(scores: number[]): number[] {
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export function dot(
  a: Float64Array,
  aFirst: number,
  b: Float32Array | Float64Array,
  bFirst: number,
  length: number,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aFirst + i] * b[bFirst + i];
  return sum;
}

export function add(target: Float64Array, addend: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] += addend[i];
}
