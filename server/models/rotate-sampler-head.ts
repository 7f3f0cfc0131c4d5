import path from 'node:path';
import { UserError } from '../errors.ts';
import { transformColumns, transformRows } from './change-weights.ts';
import { residualRotation } from './orthogonal.ts';
import { readTensor } from './safetensors.ts';
import type { OutputGroup } from './safetensors-writer.ts';
import { checkSamplerHead, SAMPLER_HEAD } from './sampler-head-file.ts';
import type { SamplerHeadSpec } from './spec.ts';
import { bytesOf, LARGEST_HALF, toHalf } from './tensor-data.ts';

/**
 * The sampler head in `dir` for the network that `rotateWeights` makes: the same scores from the rotated hidden
 * state, embedding and head. `norm` is the weight w of the original last norm. With h' = Rᵀ·diag(1/w)·h and e' = Rᵀ·e,
 * W1's halves become W1h·diag(w)·R and W1e·R, W2 and b2 get Rᵀ·diag(1/w) before them. Tensors keep half precision
 * where their numbers fit. Throws UserError when a norm weight is zero, and for a head that does not fit its spec.
 */
export async function rotateSamplerHead(
  dir: string,
  spec: SamplerHeadSpec,
  norm: Float32Array,
): Promise<OutputGroup[]> {
  const size = norm.length;
  const zero = norm.indexOf(0);
  if (zero >= 0) {
    throw new UserError(
      `${path.join(dir, spec.file)} cannot be converted to int8: weight ${zero} of the model's last norm is zero.`,
    );
  }
  const rotate = residualRotation(size);
  const ofInputs = (row: Float64Array) => {
    const ofHidden = row.subarray(0, size);
    for (let i = 0; i < size; i++) ofHidden[i] *= norm[i];
    rotate(ofHidden);
    rotate(row.subarray(size));
  };
  const ofOutputs = (column: Float64Array) => {
    for (let i = 0; i < size; i++) column[i] /= norm[i];
    rotate(column);
  };
  const changes: Record<string, (values: Float32Array) => void> = {
    [SAMPLER_HEAD.w1]: (values) => transformRows(values, 2 * size, ofInputs),
    [SAMPLER_HEAD.b1]: () => {},
    [SAMPLER_HEAD.w2]: (values) => transformColumns(values, size, ofOutputs),
    [SAMPLER_HEAD.b2]: (values) => transformColumns(values, size, ofOutputs),
  };
  const stored = await checkSamplerHead(dir, spec, size);
  const groups: OutputGroup[] = [];
  for (const [name, change] of Object.entries(changes)) {
    const { dtype, dims } = stored.get(name)!;
    const values = await readTensor(dir, stored.get(name)!);
    change(values);
    const half = dtype === 'F16' && values.every((value) => Math.abs(value) <= LARGEST_HALF);
    groups.push({
      tensors: [{ name, dtype: half ? 'F16' : 'F32', dims }],
      produce: async () => [bytesOf(half ? toHalf(values) : values)],
    });
  }
  return groups;
}
