import type { Rope } from './shape.ts';

/** Angular frequency of every pair of `dim` turned dimensions, [dim / 2]: the angle of pair i at position p is p·f[i]. */
export function inverseFrequencies(rope: Rope, dim: number): Float64Array {
  const base = Float64Array.from({ length: dim / 2 }, (_, i) => rope.theta ** ((-2 * i) / dim));
  if (rope.type === 'default') return base;
  if (rope.type === 'linear') return base.map((f) => f / rope.factor);
  return base.map((f) => llama3(f, rope));
}

/**
 * Llama 3's scaling: long wavelengths are stretched by `factor`, short ones kept, those between interpolated by how
 * many of them fit into the original context.
 */
function llama3(frequency: number, rope: Extract<Rope, { type: 'llama3' }>): number {
  const turns = (rope.originalMaxPositions * frequency) / (2 * Math.PI);
  if (turns < rope.lowFreqFactor) return frequency / rope.factor;
  if (turns > rope.highFreqFactor) return frequency;
  const share = (turns - rope.lowFreqFactor) / (rope.highFreqFactor - rope.lowFreqFactor);
  return (1 - share) * (frequency / rope.factor) + share * frequency;
}

/** Fills `cos` and `sin`, [positions, dim / 2], for the given positions. */
export function rotations(
  frequencies: Float64Array,
  positions: readonly number[],
  cos: Float32Array,
  sin: Float32Array,
): void {
  const pairs = frequencies.length;
  for (let r = 0; r < positions.length; r++) {
    for (let i = 0; i < pairs; i++) {
      const angle = positions[r] * frequencies[i];
      cos[r * pairs + i] = Math.cos(angle);
      sin[r * pairs + i] = Math.sin(angle);
    }
  }
}
