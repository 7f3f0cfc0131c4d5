import type { Rope } from './shape.ts';

/**
 * Rotary frequencies, radians per position, [headDim / 2]: pair i of a head is turned by `position · frequency[i]`.
 * `linear` slows every pair by `factor`; `llama3` slows only the long waves and blends in between.
 */
export function ropeFrequencies(rope: Rope, headDim: number): Float64Array {
  const plain = Float64Array.from({ length: headDim / 2 }, (_, i) => rope.theta ** ((-2 * i) / headDim));
  if (rope.type === 'default') return plain;
  if (rope.type === 'linear') return plain.map((frequency) => frequency / rope.factor);
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = rope;
  return plain.map((frequency) => {
    const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
    const blend = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    const kept = Math.min(1, Math.max(0, blend));
    return kept * frequency + ((1 - kept) * frequency) / factor;
  });
}
