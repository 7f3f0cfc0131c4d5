import type { Random } from '../../decode/random.ts';

/** Smallest probability of masking, which bounds the weight 1 / p. */
const SMALLEST = 1e-3;

/** p ~ U(0.001, 1). */
export function maskProbability(random: Random): number {
  return (1 - SMALLEST) * random.uniform() + SMALLEST;
}
