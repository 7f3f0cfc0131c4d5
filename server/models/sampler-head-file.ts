import { UserError } from '../errors.ts';
import { readSafetensorsHeader, type TensorTable } from './safetensors.ts';
import type { SamplerHeadSpec } from './spec.ts';

/** Names of the two layers in the file: w1 [inner, 2 · hiddenSize] and w2 [hiddenSize, inner]. */
export const SAMPLER_HEAD = {
  w1: 'w1.weight',
  b1: 'w1.bias',
  w2: 'w2.weight',
  b2: 'w2.bias',
} as const;

/**
 * Checks that the file of a sampler head holds the two layers its spec describes, and returns where its tensors lie.
 * Throws UserError otherwise.
 */
export async function checkSamplerHead(
  dir: string,
  spec: SamplerHeadSpec,
  hiddenSize: number,
): Promise<TensorTable> {
  const { tensors } = await readSafetensorsHeader(dir, spec.file);
  const expected: Record<string, number[]> = {
    [SAMPLER_HEAD.w1]: [spec.hiddenSize, 2 * hiddenSize],
    [SAMPLER_HEAD.b1]: [spec.hiddenSize],
    [SAMPLER_HEAD.w2]: [hiddenSize, spec.hiddenSize],
    [SAMPLER_HEAD.b2]: [hiddenSize],
  };
  for (const [name, dims] of Object.entries(expected)) {
    const found = tensors.get(name);
    if (found?.dims.join() === dims.join()) continue;
    const has = found ? `[${found.dims.join(', ')}]` : 'nothing';
    throw new UserError(`${dir}/${spec.file}: ${name} must be [${dims.join(', ')}], but there is ${has}.`);
  }
  return tensors;
}
