/** The policy of kernels/unmasking-policy.ts in plain loops and double precision, for one window. */
import type { WeightReader } from './naive-forward.ts';
import { dot, linear, silu, softmax } from './naive-math.ts';
import { inverseFrequencies } from './rope.ts';
import { sinusoids } from './sinusoids.ts';
import { POLICY_EPSILON, POLICY_NAMES, type PolicyRows, type PolicyShape } from './unmasking-policy.ts';

/** The number of every row, [rows]. */
export function naivePolicy(
  { size, heads, timeSize, timePeriod }: PolicyShape,
  weight: WeightReader,
  { inputs, eligible, time }: PolicyRows,
): Float64Array {
  const module = (input: Float64Array, name: string) => {
    const [matrix, bias] = [weight(`${name}.weight`), weight(`${name}.bias`)];
    return linear(input, matrix, matrix.length / bias.length, bias.length, bias);
  };
  const ofTime = module(
    module(Float64Array.from(sinusoids(time, timeSize, timePeriod)), POLICY_NAMES.timeIn).map(silu),
    POLICY_NAMES.timeOut,
  );
  const ofMask = weight(POLICY_NAMES.mask);
  const condition = Float64Array.from(
    { length: eligible.length * size },
    (_, i) => ofTime[i % size] + ofMask[Number(eligible[Math.floor(i / size)]) * size + (i % size)],
  );
  const modulation = module(condition.map(silu), POLICY_NAMES.modulation);
  /** Number `part` of the six that belong to element i. */
  const modulated = (part: number, i: number) =>
    modulation[6 * size * Math.floor(i / size) + part * size + (i % size)];
  const normed = (x: Float64Array, part: number) =>
    layerNorm(x, size).map((value, i) => value * (1 + modulated(part, i)) + modulated(part + 1, i));
  const gated = (x: Float64Array, change: Float64Array, part: number) =>
    x.map((value, i) => value + (1 + modulated(part, i)) * change[i]);

  const x = module(Float64Array.from(inputs), POLICY_NAMES.inputs);
  const mixed = attention(module(normed(x, 0), POLICY_NAMES.attentionIn), size, heads);
  const attended = gated(x, module(mixed, POLICY_NAMES.attentionOut), 2);
  const inner = module(normed(attended, 3), POLICY_NAMES.feedIn).map(gelu);
  const fed = gated(attended, module(inner, POLICY_NAMES.feedOut), 5);
  return module(layerNorm(fed, size), POLICY_NAMES.output);
}

/** Queries, keys and values of every row, [rows, 3·size], to what all rows together make of them, [rows, size]. */
function attention(projected: Float64Array, size: number, heads: number): Float64Array {
  const rows = projected.length / (3 * size);
  const headDim = size / heads;
  const frequencies = inverseFrequencies({ type: 'default', theta: 10_000 }, headDim);
  const part = (row: number, which: number, head: number) => {
    const first = row * 3 * size + which * size + head * headDim;
    return projected.slice(first, first + headDim);
  };
  const rotated = (row: number, which: number, head: number) => {
    const x = part(row, which, head);
    const half = headDim / 2;
    return x.map((value, i) => {
      const angle = row * frequencies[i % half];
      return i < half
        ? value * Math.cos(angle) - x[i + half] * Math.sin(angle)
        : value * Math.cos(angle) + x[i - half] * Math.sin(angle);
    });
  };
  const mixed = new Float64Array(rows * size);
  for (let head = 0; head < heads; head++) {
    const keys = Array.from({ length: rows }, (_, row) => rotated(row, 1, head));
    for (let row = 0; row < rows; row++) {
      const query = rotated(row, 0, head);
      const shares = softmax(keys.map((key) => dot(query, 0, key, 0, headDim) / Math.sqrt(headDim)));
      for (const [other, share] of shares.entries()) {
        part(other, 2, head).forEach((value, i) => {
          mixed[row * size + head * headDim + i] += share * value;
        });
      }
    }
  }
  return mixed;
}

function layerNorm(x: Float64Array, size: number): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - (i % size), i - (i % size) + size);
    const mean = row.reduce((sum, one) => sum + one, 0) / size;
    const variance = row.reduce((sum, one) => sum + (one - mean) ** 2, 0) / size;
    return (value - mean) / Math.sqrt(variance + POLICY_EPSILON);
  });
}

function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
