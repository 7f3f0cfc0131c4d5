import { UserError } from '../errors.ts';
import type { TensorLocation, TensorTable } from './safetensors.ts';
import { ELEMENT_BYTES, type TensorDtype } from './tensor-data.ts';

/**
 * Parses the header `text` of the file `file` (in messages `name`), whose tensors begin at byte `dataStart` and which
 * has `size` bytes. Throws UserError for a tensor that is not wholly and alone inside the file.
 */
export function parseHeader(
  name: string,
  file: string,
  text: string,
  dataStart: number,
  size: number,
): TensorTable {
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
