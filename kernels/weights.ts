/** Element types a stored weight may have. `I8` weights come with a `<name>_scale` tensor of F32, one per row. */
export type WeightDtype = 'F32' | 'F16' | 'BF16' | 'I8';

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

/** Every tensor of a checkpoint under its Hugging Face name, such as `model.layers.0.mlp.up_proj.weight`. */
export type WeightTable = ReadonlyMap<string, WeightLocation>;
