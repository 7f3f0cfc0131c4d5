import type { WeightDtype, WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import { byOurNames, isIgnoredWeight, publishedName } from './published-layout.ts';
import type { TensorLocation, TensorTable } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { type ExpectedWeight, expectedWeights } from './weight-names.ts';

/** Ending of the name that holds the scales of an I8 weight. */
export const SCALE = '_scale';

const FLOATS: readonly string[] = ['F32', 'F16', 'BF16'] satisfies WeightDtype[];

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
export function checkWeights(dir: string, spec: DenoiserSpec, stored: TensorTable): WeightTable {
  const tensors = byOurNames(dir, spec, stored);
  const isScale = (name: string) =>
    name.endsWith(SCALE) && tensors.get(name.slice(0, -SCALE.length))?.dtype === 'I8';
  checkNames(dir, spec, new Map([...tensors].filter(([name]) => !isScale(name))));
  const weights = new Map<string, TensorLocation>();
  for (const [name, wanted] of expectedWeights(spec)) {
    const found = tensors.get(name)!;
    checkType(dir, name, found, wanted);
    weights.set(name, found);
    if (found.dtype === 'I8') weights.set(name + SCALE, findScale(dir, name, wanted, tensors));
  }
  return weights as WeightTable;
}

function checkShape(where: string, name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() === wanted.join()) return;
  throw new UserError(
    `${where}: weight ${name} has shape [${found.join(', ')}], config.json asks for [${wanted.join(', ')}].`,
  );
}

function checkType(dir: string, name: string, found: TensorLocation, wanted: ExpectedWeight): void {
  if (FLOATS.includes(found.dtype) || (wanted.quantizable && found.dtype === 'I8')) return;
  const allowed = wanted.quantizable ? [...FLOATS, 'I8'] : FLOATS;
  throw new UserError(
    `${dir}: weight ${name} in ${found.file} has type ${found.dtype}; it can be ${allowed.join(', ')}.`,
  );
}

/** Scales are [out]; compressed-tensors writes them as [out, 1], which is the same bytes. */
function findScale(dir: string, name: string, wanted: ExpectedWeight, tensors: TensorTable): TensorLocation {
  const scale = tensors.get(name + SCALE);
  if (!scale) throw new UserError(`${dir}: weight ${name} is I8, but ${name}_scale is missing.`);
  const rows = wanted.dims[0];
  const flat = scale.dims.length === 2 && scale.dims[1] === 1 ? { ...scale, dims: [scale.dims[0]] } : scale;
  checkShape(dir, name + SCALE, flat.dims, [rows]);
  if (flat.dtype === 'F32') return flat;
  throw new UserError(`${dir}: ${name}_scale in ${flat.file} has type ${flat.dtype}; it must be F32.`);
}
