import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { checkWeights } from './check-weights.ts';
import { INDEX_FILE, readCheckpoint, SINGLE_FILE } from './checkpoint.ts';
import { openGguf } from './gguf.ts';
import { readTensorBytes, readWeight } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { expectedWeights } from './weight-names.ts';

/** One weight to be imported; nothing is read before `read`. */
export interface SourceWeight {
  dims: readonly number[];
  /** Row-major fp32 values. */
  read(): Promise<Float32Array>;
  /** The bytes as stored, where they are half precision and can be kept as they are. */
  half?: { dtype: 'F16' | 'BF16'; read(): Promise<Uint8Array> };
}

/** Weights of a model by Hugging Face name, from whatever format they are in. */
export type WeightSource = ReadonlyMap<string, SourceWeight>;

/**
 * Finds the weights of an import source: safetensors or one GGUF file in `dir` or in its `base` subfolder, checked
 * against the spec. Throws UserError when there are none, or more than one GGUF file.
 */
export async function openWeightSource(dir: string, spec: DenoiserSpec): Promise<WeightSource> {
  for (const folder of [dir, path.join(dir, 'base')]) {
    if (!existsSync(folder)) continue;
    if (existsSync(path.join(folder, SINGLE_FILE)) || existsSync(path.join(folder, INDEX_FILE))) {
      return openSafetensors(folder, spec);
    }
    const files = (await readdir(folder)).filter((name) => name.endsWith('.gguf'));
    if (files.length > 1)
      throw new UserError(`${folder} holds more than one GGUF file: ${files.join(', ')}.`);
    if (files.length === 1) return openGguf(path.join(folder, files[0]), spec);
  }
  throw new UserError(`${dir} has no weights: no ${SINGLE_FILE}, no ${INDEX_FILE} and no .gguf file.`);
}

async function openSafetensors(dir: string, spec: DenoiserSpec): Promise<WeightSource> {
  const weights = checkWeights(dir, spec, (await readCheckpoint(dir)).tensors);
  const source = new Map<string, SourceWeight>();
  for (const name of expectedWeights(spec).keys()) {
    const location = weights.get(name)!;
    const weight: SourceWeight = { dims: location.dims, read: () => readWeight(dir, weights, name) };
    if (location.dtype === 'F16' || location.dtype === 'BF16') {
      weight.half = { dtype: location.dtype, read: () => readTensorBytes(dir, location) };
    }
    source.set(name, weight);
  }
  return source;
}
