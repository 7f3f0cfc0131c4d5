import type { DenoiserShape } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';

/** What one family of checkpoints does differently from the others. */
export interface Family {
  name: string;
  /** Values of `model_type` in config.json that mean this family. */
  modelTypes: readonly string[];
  /** Reads the biases and norms; throws UserError for variants of the family that are not supported. */
  attention(config: ConfigReader): Pick<DenoiserShape, 'qkvBias' | 'outputBias' | 'qkNorm'>;
}
