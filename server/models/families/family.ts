import type { DenoiserShape } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { DenoiserSpec } from '../spec.ts';

/** What one family of checkpoints does differently from the others. */
export interface Family {
  name: string;
  /** Values of `model_type` in config.json that mean this family. */
  modelTypes: readonly string[];
  /** A key that tells its configs from those of another family with the same `model_type`. */
  marker?: string;
  /** Throws UserError for variants of the family that are not supported. */
  shape(config: ConfigReader): DenoiserShape;
  /** How its published checkpoints denoise; left out where they are autoregressive. */
  diffusion?(config: ConfigReader, shape: DenoiserShape): PublishedDiffusion;
  /** Where its published checkpoints store a weight; left out where they use the names of kernels/names.ts. */
  stored?(name: string, shape: DenoiserShape): StoredWeight;
  /** Tensors of its published checkpoints that no forward reads. */
  ignored?: RegExp;
}

/** What a `diffusion` section would say. */
export type PublishedDiffusion = Pick<
  DenoiserSpec,
  'blockSize' | 'logitShift' | 'cleanAttention' | 'subBlockSize' | 'chat'
> & { maskTokenId: number };

/** A tensor of a published checkpoint, or some rows of one that holds several weights. */
export interface StoredWeight {
  name: string;
  /** Rows of the tensor, and the first one that belongs to the weight. */
  rows?: { first: number; all: number };
}
