import path from 'node:path';
import type { WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import { readExactly, readFileBytes, withFile } from './file-bytes.ts';
import { parseHeader } from './safetensors-header.ts';
import { scaleRows, type TensorDtype, toFloat32, unpackBlocks } from './tensor-data.ts';

/** One tensor inside a file. */
export interface TensorLocation {
  dtype: TensorDtype;
  dims: readonly number[];
  /** File name relative to the folder that was read. */
  file: string;
  /** First byte of the tensor in the file. */
  offset: number;
  /** Length in bytes. */
  length: number;
}

export type TensorTable = Map<string, TensorLocation>;

/** No published header comes near this; a length beyond it is a damaged or hostile file. */
const LONGEST_HEADER = 100 * 1024 * 1024;

/** What one safetensors file says about itself. */
export interface SafetensorsHeader {
  tensors: TensorTable;
  /** The header's bytes, for hashing. */
  bytes: Uint8Array;
}

/**
 * Reads and checks the header of one file: every tensor lies inside the file, has the length its type and shape
 * ask for and overlaps no other. Throws UserError naming the file and the tensor.
 */
export async function readSafetensorsHeader(dir: string, file: string): Promise<SafetensorsHeader> {
  return withFile(path.join(dir, file), async (handle, name) => {
    const { size } = await handle.stat();
    if (size < 8) throw new UserError(`${name} is truncated: it has ${size} bytes, not even a header.`);
    const length = (await readExactly(handle, name, 0, 8)).readBigUInt64LE();
    if (length > BigInt(size - 8) || length > BigInt(LONGEST_HEADER)) {
      throw new UserError(
        `${name} is truncated or not a safetensors file: its header claims ${length} bytes, the file has ${size}.`,
      );
    }
    const bytes = await readExactly(handle, name, 8, Number(length));
    return { tensors: parseHeader(name, file, bytes.toString('utf8'), 8 + Number(length), size), bytes };
  });
}

/** Reads one tensor as fp32, row-major. Integers are converted as they are: an I8 weight is not scaled here. */
export async function readTensor(dir: string, location: TensorLocation): Promise<Float32Array> {
  return toFloat32(location.dtype, await readTensorBytes(dir, location));
}

/** Reads the stored bytes of one tensor. */
export async function readTensorBytes(
  dir: string,
  { file, offset, length }: Omit<TensorLocation, 'dtype'>,
): Promise<Uint8Array> {
  return readFileBytes(path.join(dir, file), offset, length);
}

/** Consecutive rows of a tensor; those of a vector are its numbers. */
export interface RowSpan {
  start: number;
  count: number;
}

/** Where these rows of a tensor lie. */
export function sliceRows<T extends Omit<TensorLocation, 'dtype'>>(
  location: T,
  { start, count }: RowSpan,
): T {
  const rowBytes = location.length / location.dims[0];
  return {
    ...location,
    dims: [count, ...location.dims.slice(1)],
    offset: location.offset + start * rowBytes,
    length: count * rowBytes,
  };
}

/** Reads these rows of a model's weight, or all, as fp32, row-major; quantised ones come multiplied by their scales. */
export async function readWeight(
  dir: string,
  weights: WeightTable,
  name: string,
  rows?: RowSpan,
): Promise<Float32Array> {
  const find = (of: string) => {
    const location = weights.get(of);
    if (!location) throw new Error(`no weight ${of} in ${dir}`);
    return rows ? sliceRows(location, rows) : location;
  };
  const { dtype, ...place } = find(name);
  const bytes = await readTensorBytes(dir, place);
  const readScales = () => readTensor(dir, find(`${name}_scale`) as TensorLocation);
  if (dtype === 'I4') return unpackBlocks(bytes, await readScales());
  const values = toFloat32(dtype, bytes);
  return dtype === 'I8' ? scaleRows(values, await readScales()) : values;
}
