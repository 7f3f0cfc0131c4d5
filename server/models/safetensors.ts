import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import { ELEMENT_BYTES, scaleRows, type TensorDtype, toFloat32 } from './tensor-data.ts';

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

/** Reads the stored bytes of one tensor, or its first `limit` bytes. */
export async function readTensorBytes(
  dir: string,
  at: TensorLocation,
  limit = at.length,
): Promise<Uint8Array> {
  return readFileBytes(path.join(dir, at.file), at.offset, Math.min(limit, at.length));
}

/** Reads `length` bytes of a file from `offset` on into a buffer of their own. Throws UserError if it ends before. */
export async function readFileBytes(file: string, offset: number, length: number): Promise<Uint8Array> {
  return withFile(file, (handle, name) => readExactly(handle, name, offset, length));
}

/** Reads one weight of a model as fp32, row-major; an I8 weight comes multiplied by its scales. */
export async function readWeight(dir: string, weights: WeightTable, name: string): Promise<Float32Array> {
  const location = weights.get(name);
  if (!location) throw new Error(`no weight ${name} in ${dir}`);
  const values = await readTensor(dir, location);
  if (location.dtype !== 'I8') return values;
  return scaleRows(values, await readTensor(dir, weights.get(`${name}_scale`)!));
}

function parseHeader(name: string, file: string, text: string, dataStart: number, size: number): TensorTable {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new UserError(`${name} is not a safetensors file: its header is not JSON.`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new UserError(`${name} is not a safetensors file: its header is not a JSON object.`);
  }
  refuseDuplicates(name, text);
  const tensors: TensorTable = new Map();
  for (const [tensor, entry] of Object.entries(header)) {
    if (tensor !== '__metadata__')
      tensors.set(tensor, parseEntry(name, file, tensor, entry, dataStart, size));
  }
  refuseOverlaps(name, tensors);
  return tensors;
}

function parseEntry(
  name: string,
  file: string,
  tensor: string,
  entry: unknown,
  dataStart: number,
  size: number,
): TensorLocation {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw new UserError(
      `${name}: tensor ${tensor} has type ${JSON.stringify(dtype)}; supported are ${Object.keys(ELEMENT_BYTES).join(', ')}.`,
    );
  }
  if (!isCounts(shape)) throw new UserError(`${name}: tensor ${tensor} has no valid shape.`);
  if (!isCounts(range) || range.length !== 2 || range[0] > range[1]) {
    throw new UserError(`${name}: tensor ${tensor} has no valid data_offsets.`);
  }
  if (dataStart + range[1] > size) {
    throw new UserError(
      `${name} is truncated: tensor ${tensor} ends at byte ${dataStart + range[1]}, the file at ${size}.`,
    );
  }
  const length = range[1] - range[0];
  const expected = shape.reduce((product, n) => product * n, ELEMENT_BYTES[dtype as TensorDtype]);
  if (length !== expected) {
    throw new UserError(
      `${name}: tensor ${tensor} has ${length} bytes, but ${dtype} [${shape.join(', ')}] takes ${expected}.`,
    );
  }
  return { dtype: dtype as TensorDtype, dims: shape, file, offset: dataStart + range[0], length };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** JSON.parse silently keeps the last of two equal names, so the names are counted in the text. */
function refuseDuplicates(name: string, text: string): void {
  const seen = new Set<string>();
  for (const [, tensor, opensObject] of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:\s*\{)?/g)) {
    if (opensObject === undefined) continue;
    if (seen.has(tensor)) throw new UserError(`${name}: tensor ${tensor} appears twice in the header.`);
    seen.add(tensor);
  }
}

function refuseOverlaps(name: string, tensors: TensorTable): void {
  const ordered = [...tensors].filter(([, t]) => t.length > 0).sort(([, a], [, b]) => a.offset - b.offset);
  for (let i = 1; i < ordered.length; i++) {
    const [before, a] = ordered[i - 1];
    const [after, b] = ordered[i];
    if (a.offset + a.length > b.offset)
      throw new UserError(`${name}: tensors ${before} and ${after} overlap.`);
  }
}

async function withFile<T>(name: string, use: (handle: FileHandle, name: string) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(name, 'r');
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${(error as Error).message}.`);
  }
  try {
    return await use(handle, name);
  } finally {
    await handle.close();
  }
}

async function readExactly(
  handle: FileHandle,
  name: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  // Not from Buffer's pool: typed arrays on these bytes need them aligned.
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new UserError(`${name} is truncated: it ends before byte ${offset + length}.`);
    done += bytesRead;
  }
  return bytes;
}
