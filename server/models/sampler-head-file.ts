import { UserError } from '../errors.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import type { SamplerHeadSpec } from './spec.ts';

/** Checks that the file of a sampler head holds the two layers its spec describes. Throws UserError otherwise. */
export async function checkSamplerHead(
  dir: string,
  spec: SamplerHeadSpec,
  hiddenSize: number,
): Promise<void> {
  const { tensors } = await readSafetensorsHeader(dir, spec.file);
  const expected: Record<string, number[]> = {
    'w1.weight': [spec.hiddenSize, 2 * hiddenSize],
    'w1.bias': [spec.hiddenSize],
    'w2.weight': [hiddenSize, spec.hiddenSize],
    'w2.bias': [hiddenSize],
  };
  for (const [name, dims] of Object.entries(expected)) {
    const found = tensors.get(name);
    if (found?.dims.join() === dims.join()) continue;
    const has = found ? `[${found.dims.join(', ')}]` : 'nothing';
    throw new UserError(`${dir}/${spec.file}: ${name} must be [${dims.join(', ')}], but there is ${has}.`);
  }
}
