import type { DenoiserShape } from '../../kernels/shape.ts';
import type { WeightDtype, WeightTable } from '../../kernels/weights.ts';
import { UserError } from '../errors.ts';
import type { TensorLocation, TensorTable } from './safetensors.ts';
import { type ExpectedWeight, expectedWeights, isIgnoredWeight } from './weight-names.ts';

const FLOATS: readonly string[] = ['F32', 'F16', 'BF16'] satisfies WeightDtype[];

/**
 * The weights that a network of this shape reads, out of the tensors of the checkpoint in `dir`. Throws UserError
 * for one that is missing, left over, of the wrong shape or of a type it cannot have.
 */
export function checkWeights(dir: string, shape: DenoiserShape, tensors: TensorTable): WeightTable {
  const expected = expectedWeights(shape);
  const weights = new Map<string, TensorLocation>();
  for (const [name, wanted] of expected) {
    const found = tensors.get(name);
    if (!found) throw new UserError(`${dir}: weight ${name} is missing; config.json asks for it.`);
    checkShape(dir, name, found, wanted.dims);
    checkType(dir, name, found, wanted);
    weights.set(name, found);
    if (found.dtype === 'I8') weights.set(`${name}_scale`, findScale(dir, name, wanted, tensors));
  }
  for (const name of tensors.keys()) {
    if (!weights.has(name) && !isIgnoredWeight(name, shape)) {
      throw new UserError(`${dir}: weight ${name} is left over; config.json describes a model without it.`);
    }
  }
  return weights as WeightTable;
}

function checkShape(dir: string, name: string, found: TensorLocation, dims: readonly number[]): void {
  if (found.dims.join() === dims.join()) return;
  throw new UserError(
    `${dir}: weight ${name} in ${found.file} has shape [${found.dims.join(', ')}], config.json asks for [${dims.join(', ')}].`,
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
  const scale = tensors.get(`${name}_scale`);
  if (!scale) throw new UserError(`${dir}: weight ${name} is I8, but ${name}_scale is missing.`);
  const rows = wanted.dims[0];
  const flat = scale.dims.length === 2 && scale.dims[1] === 1 ? { ...scale, dims: [scale.dims[0]] } : scale;
  checkShape(dir, `${name}_scale`, flat, [rows]);
  if (flat.dtype === 'F32') return flat;
  throw new UserError(`${dir}: ${name}_scale in ${flat.file} has type ${flat.dtype}; it must be F32.`);
}
