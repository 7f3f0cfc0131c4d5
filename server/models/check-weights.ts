import { logicalDims, type WeightDtype, type WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import { type StoredWeight, unpackNames } from './packed-weights.ts';
import { byOurNames, isIgnoredWeight, publishedName } from './published-layout.ts';
import type { TensorTable } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { type ExpectedWeight, expectedWeights } from './weight-names.ts';

/** Ending of the name that holds the scales of a quantised weight. */
export const SCALE = '_scale';

const FLOATS: readonly string[] = ['F32', 'F16', 'BF16'] satisfies WeightDtype[];
const QUANTIZED: readonly string[] = ['I8', 'I4'] satisfies WeightDtype[];

/**
 * Checks that `found` holds every weight that this model's network reads, each of the right shape, and no other.
 * Throws UserError, with `where` (a file or folder) at its beginning.
 */
export function checkNames(
  where: string,
  spec: DenoiserSpec,
  found: ReadonlyMap<string, { dims: readonly number[] }>,
): void {
  const expected = expectedWeights(spec);
  if (![...expected.keys()].some((name) => found.has(name))) {
    throw new UserError(
      `${where}: no weight has a name that the family ${spec.family} uses; config.json is that of another model.`,
    );
  }
  for (const [name, { dims }] of expected) {
    const weight = found.get(name);
    if (!weight) {
      throw new UserError(
        `${where}: weight ${publishedName(spec, name)} is missing; config.json asks for it.`,
      );
    }
    checkShape(where, name, weight.dims, dims);
  }
  for (const name of found.keys()) {
    if (expected.has(name) || isIgnoredWeight(name, spec)) continue;
    throw new UserError(`${where}: weight ${name} is left over; config.json describes a model without it.`);
  }
}

/**
 * The weights that this model's network reads, under the names of kernels/names.ts, out of the tensors of the checkpoint in `dir`. Throws UserError
 * for one that is missing, left over, of the wrong shape or of a type it cannot have.
 */
export function checkWeights(dir: string, spec: DenoiserSpec, tensors: TensorTable): WeightTable {
  const stored = byOurNames(dir, spec, unpackNames(dir, tensors));
  const isQuantized = (name: string) => QUANTIZED.includes(stored.get(name)?.dtype ?? '');
  const isScale = (name: string) => name.endsWith(SCALE) && isQuantized(name.slice(0, -SCALE.length));
  const found = [...stored].filter(([name]) => !isScale(name));
  checkNames(dir, spec, new Map(found.map(([name, location]) => [name, { dims: logicalDims(location) }])));
  const weights = new Map<string, StoredWeight>();
  for (const [name, wanted] of expectedWeights(spec)) {
    const location = stored.get(name)!;
    checkType(dir, name, location, wanted);
    weights.set(name, location);
    if (isQuantized(name)) weights.set(name + SCALE, findScale(dir, name, location, stored));
  }
  return weights as WeightTable;
}

function checkShape(where: string, name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() === wanted.join()) return;
  throw new UserError(
    `${where}: weight ${name} has shape [${found.join(', ')}], config.json asks for [${wanted.join(', ')}].`,
  );
}

function checkType(dir: string, name: string, found: StoredWeight, wanted: ExpectedWeight): void {
  const allowed = wanted.quantizable ? [...FLOATS, ...QUANTIZED] : FLOATS;
  if (allowed.includes(found.dtype)) return;
  throw new UserError(
    `${dir}: weight ${name} in ${found.file} has type ${found.dtype}; it can be ${allowed.join(', ')}.`,
  );
}

/** Scales of rows are [out]; compressed-tensors writes them as [out, 1], which is the same bytes. */
function findScale(
  dir: string,
  name: string,
  { dtype, dims }: StoredWeight,
  stored: ReadonlyMap<string, StoredWeight>,
): StoredWeight {
  const scale = stored.get(name + SCALE);
  if (!scale) throw new UserError(`${dir}: weight ${name} is ${dtype}, but ${name}_scale is missing.`);
  const perRow = dtype === 'I8';
  const flat = perRow && scale.dims.length === 2 && scale.dims[1] === 1;
  const found = flat ? { ...scale, dims: [scale.dims[0]] } : scale;
  checkShape(dir, name + SCALE, found.dims, perRow ? [dims[0]] : dims.slice(0, 2));
  if (FLOATS.includes(found.dtype)) return found;
  throw new UserError(
    `${dir}: ${name}_scale in ${found.file} has type ${found.dtype}; it can be ${FLOATS.join(', ')}.`,
  );
}
