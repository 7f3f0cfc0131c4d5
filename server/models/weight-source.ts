import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { checkWeights } from './check-weights.ts';
import { INDEX_FILE, readCheckpoint, SINGLE_FILE } from './checkpoint.ts';
import { openGguf } from './gguf.ts';
import { type RowSpan, readTensorBytes, readWeight, sliceRows } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { expectedWeights } from './weight-names.ts';

/** One weight to be imported; nothing is read before `read`. */
export interface SourceWeight {
  dims: readonly number[];
  /** Row-major fp32 values of these rows, or of all. */
  read(rows?: RowSpan): Promise<Float32Array>;
  /** The bytes as stored, where they are half precision and can be kept as they are. */
  half?: { dtype: 'F16' | 'BF16'; read(rows?: RowSpan): Promise<Uint8Array> };
  /** To read a few rows takes as much as to read all. */
  whole?: true;
}

/** A weight that is read part by part has parts of at most so many numbers: 64 MB in fp32. */
const PART = 2 ** 24;

/** The rows of a weight in parts to be read one after the other, so that an embedding need not fit in memory. */
export function partsOf({ dims, whole }: SourceWeight): RowSpan[] {
  const [rows, ...rest] = dims;
  const columns = rest.reduce((product, n) => product * n, 1);
  const most = whole ? rows : Math.max(1, Math.floor(PART / columns));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({
    start: i * most,
    count: Math.min(most, rows - i * most),
  }));
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
    const weight: SourceWeight = {
      dims: location.dims,
      read: (rows) => readWeight(dir, weights, name, rows),
    };
    if (location.dtype === 'F16' || location.dtype === 'BF16') {
      weight.half = {
        dtype: location.dtype,
        read: (rows) => readTensorBytes(dir, rows ? sliceRows(location, rows) : location),
      };
    }
    source.set(name, weight);
  }
  return source;
}
