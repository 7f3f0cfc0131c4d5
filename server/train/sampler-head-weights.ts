import path from 'node:path';
import { type SamplerHeadPlan, samplerHeadParameters } from '../../kernels/training/sampler-head.ts';
import { UserError } from '../errors.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { readSafetensorsHeader, readTensor } from '../models/safetensors.ts';
import { writeSafetensors } from '../models/safetensors-writer.ts';
import { bytesOf, LARGEST_HALF, toHalf } from '../models/tensor-data.ts';

/** Parameters have the names of the file's tensors behind this. */
const PREFIX = 'sampler_head.';

/** The plan for a model's sampler head. Throws UserError for a model without one. */
export function samplerHeadPlan({ name, spec }: ModelFolder): SamplerHeadPlan {
  if (!spec.samplerHead) {
    throw new UserError(
      `${name} has no sampler head to train: set chainedWeight to 0, or use another model.`,
    );
  }
  return { inner: spec.samplerHead.hiddenSize, embeddingScale: spec.samplerHead.embeddingScale };
}

export function isOfSamplerHead(parameter: string): boolean {
  return parameter.startsWith(PREFIX);
}

/** What of the values belongs to a sampler head, by the names of its file. */
export function samplerHeadValues(values: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const own = [...values].filter(([name]) => isOfSamplerHead(name));
  return new Map(own.map(([name, value]) => [name.slice(PREFIX.length), value]));
}

/** A stored tensor of a model's sampler head, by its parameter's name. */
export async function readSamplerHeadTensor(folder: ModelFolder, parameter: string): Promise<Float32Array> {
  const { tensors } = await readSafetensorsHeader(folder.dir, folder.spec.samplerHead!.file);
  return readTensor(folder.dir, tensors.get(parameter.slice(PREFIX.length))!);
}

/** Writes a sampler head as the model's own file has it: in half precision where its numbers fit. */
export async function writeSamplerHead(
  dir: string,
  { spec }: ModelFolder,
  plan: SamplerHeadPlan,
  values: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const groups = samplerHeadParameters(spec.hiddenSize, plan.inner).map(({ name, dims }) => {
    const value = values.get(name)!;
    const half = value.every((one) => Math.abs(one) <= LARGEST_HALF);
    const tensor = {
      name: name.slice(PREFIX.length),
      dtype: half ? ('F16' as const) : ('F32' as const),
      dims,
    };
    return { tensors: [tensor], produce: async () => [bytesOf(half ? toHalf(value) : value)] };
  });
  await writeSafetensors(path.join(dir, spec.samplerHead!.file), groups);
}
