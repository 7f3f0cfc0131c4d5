/**
 * Element types a stored weight may have. The two quantised ones come with a floating-point `<name>_scale`. `I8`: one
 * factor per row, [out]. `I4`: two integers a byte, each plus 8, the first in its low half; rows are cut into blocks,
 * [out, blocks, bytes of a block], and every block has a factor, [out, blocks].
 */
export type WeightDtype = 'F32' | 'F16' | 'BF16' | 'I8' | 'I4';

/** One tensor inside a file, as the graph refers to it: nothing is read or copied to build a graph. */
export interface WeightLocation {
  dtype: WeightDtype;
  dims: readonly number[];
  /** File name relative to the model folder. */
  file: string;
  /** First byte of the tensor in the file. */
  offset: number;
  /** Length in bytes. */
  length: number;
}

/** [out, in] of a matrix, or the size of a vector, however it is stored. */
export function logicalDims({ dtype, dims }: { dtype: string; dims: readonly number[] }): readonly number[] {
  return dtype === 'I4' ? [dims[0], 2 * dims[1] * dims[2]] : dims;
}

/** Every tensor of a checkpoint under its Hugging Face name, such as `model.layers.0.mlp.up_proj.weight`. */
export type WeightTable = ReadonlyMap<string, WeightLocation>;

/** Where a weight is that the model must have. */
export function findWeight(weights: WeightTable, name: string): WeightLocation {
  const found = weights.get(name);
  if (!found) throw new Error(`the model has no tensor ${name}`);
  return found;
}
