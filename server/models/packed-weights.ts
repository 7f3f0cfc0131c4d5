import { UserError } from '../errors.ts';
import type { TensorLocation, TensorTable } from './safetensors.ts';
import type { TensorDtype } from './tensor-data.ts';

/** A tensor as `WeightLocation` has it. */
export type StoredWeight = Omit<TensorLocation, 'dtype'> & { dtype: TensorDtype | 'I4' };

const PACKED = '.weight_packed';
/** [out, in] of a packed weight, which follows from the size of its scales. */
const SHAPE = '.weight_shape';

/**
 * The tensors of a checkpoint with 4-bit weights under the names of what they hold. compressed-tensors writes them as
 * `weight_packed` I32 [out, in/8]; its bytes are `weight` I4 [out, blocks, bytes of a block], with as many blocks as
 * `weight_scale` [out, blocks] has columns. Throws UserError, with the folder `dir` at its beginning.
 */
export function unpackNames(dir: string, tensors: TensorTable): Map<string, StoredWeight> {
  const named = new Map<string, StoredWeight>();
  for (const [name, location] of tensors) {
    if (name.endsWith(SHAPE) && tensors.has(name.replace(SHAPE, PACKED))) continue;
    if (!name.endsWith(PACKED) || location.dtype !== 'I32') {
      named.set(name, location);
      continue;
    }
    const weight = name.replace(PACKED, '.weight');
    const scale = tensors.get(`${weight}_scale`);
    const [rows, words] = location.dims;
    const blocks = scale?.dims[1] ?? 0;
    const bytes = (words * 4) / blocks;
    if (location.dims.length !== 2 || scale?.dims[0] !== rows || !SIZES.includes(2 * bytes)) {
      throw new UserError(
        `${dir}: ${name} [${location.dims.join(', ')}] needs a ${weight}_scale for blocks of ${SIZES.join(', ')} numbers, ` +
          `but that is ${scale ? `[${scale.dims.join(', ')}]` : 'missing'}.`,
      );
    }
    named.set(weight, { ...location, dtype: 'I4', dims: [rows, blocks, bytes] });
  }
  return named;
}

/** Numbers that can share a factor. */
const SIZES = [16, 32, 64, 128, 256];
