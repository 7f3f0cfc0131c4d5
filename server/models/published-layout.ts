import { UserError } from '../errors.ts';
import { familyOf } from './families/index.ts';
import type { StoredWeight } from './packed-weights.ts';
import { sliceRows } from './safetensors.ts';
import type { DenoiserSpec } from './spec.ts';
import { expectedWeights } from './weight-names.ts';

/**
 * The tensors of the checkpoint in `dir` under the names of kernels/names.ts, as far as they are found; nothing is read
 * or moved: a weight that its family stores inside a larger tensor is a range of that tensor's rows. Throws UserError
 * for such a tensor of another size.
 */
export function byOurNames(
  dir: string,
  spec: DenoiserSpec,
  tensors: ReadonlyMap<string, StoredWeight>,
): ReadonlyMap<string, StoredWeight> {
  const { stored } = familyOf(spec);
  if (!stored) return tensors;
  const named = new Map(tensors);
  for (const [name, { dims }] of expectedWeights(spec)) {
    const { name: theirs, rows } = stored(name, spec);
    const tensor = tensors.get(theirs);
    // A checkpoint that `model import` has written has our names.
    if (!tensor || tensors.has(name)) continue;
    if (rows && tensor.dims[0] !== rows.all) {
      throw new UserError(
        `${dir}: weight ${theirs} has ${tensor.dims[0]} rows, config.json asks for ${rows.all}.`,
      );
    }
    named.delete(theirs);
    named.set(name, rows ? sliceRows(tensor, { start: rows.first, count: dims[0] }) : tensor);
  }
  return named;
}

/** The name under which the family's published checkpoints have a weight. */
export function publishedName(spec: DenoiserSpec, name: string): string {
  return familyOf(spec).stored?.(name, spec).name ?? name;
}

/** Tensors that some checkpoints carry and no forward reads: computed frequencies, the head of a tied model, and more. */
export function isIgnoredWeight(name: string, spec: DenoiserSpec): boolean {
  const unused = spec.tiedHead ? ['lm_head.weight', publishedName(spec, 'lm_head.weight')] : [];
  return (
    name.endsWith('.rotary_emb.inv_freq') ||
    unused.some((head) => name.startsWith(head)) ||
    familyOf(spec).ignored?.test(name) === true
  );
}
