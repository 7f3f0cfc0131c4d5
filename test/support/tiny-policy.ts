import { sizeOf } from '../../kernels/naive-tensor.ts';
import { policyParameters } from '../../kernels/unmasking-policy.ts';
import type { PolicyHeader, StoredPolicy } from '../../server/models/policy-file.ts';
import { testRandom } from './tiny-model.ts';

/** A policy of random numbers, the same for the same seed, that takes about as many positions as it leaves. */
export function tinyPolicy(
  { name, weightsHash }: { name: string; weightsHash: string },
  seed: number,
  {
    shape,
    ...changes
  }: Partial<Omit<PolicyHeader, 'shape'>> & { shape?: Partial<PolicyHeader['shape']> } = {},
): StoredPolicy {
  const header: PolicyHeader = {
    version: 1,
    model: name,
    weights: weightsHash,
    unmasking: 'bernoulli',
    temperature: 1,
    confidences: 2,
    hidden: false,
    shape: { inputs: 2, window: 4, size: 8, inner: 12, heads: 2, timeSize: 6, timePeriod: 1, ...shape },
    ...changes,
  };
  const random = testRandom(seed);
  const draw = () => 2 * random() - 1;
  const values = new Map(
    policyParameters(header.shape).map(({ name, dims }) => [
      name,
      Float32Array.from({ length: sizeOf(dims) }, draw),
    ]),
  );
  return { header, values };
}
