import type { WeightTable } from '../../kernels/weights.ts';
import type { DenoiserSpec } from './spec.ts';

/** How the projections and the embedding are stored. Norms and biases are always floating point. */
export type Quantization = 'none' | 'int8' | 'int4';

/** How far a model is from the one it was made of, on the rows of a text. */
export interface Quality {
  rows: number;
  /** Share of rows whose best token is the same, 0 … 1. */
  top1Agreement: number;
  /** Mean KL divergence of the rows' distributions, in nats. */
  divergence: number;
}

/** A model folder that has been checked: config.json makes sense and every weight it asks for is in place. */
export interface ModelFolder {
  /** Absolute path. */
  dir: string;
  /** Name of the folder. */
  name: string;
  spec: DenoiserSpec;
  /**
   * Every tensor of the checkpoint by its Hugging Face name; nothing has been read yet. A quantised
   * matrix has its scales beside it under `<name>_scale`. With a tied head there is no `lm_head.weight`.
   */
  weights: WeightTable;
  quantization: Quantization;
  /** Scalars the network has (scales of a quantised checkpoint and a tied head not counted). */
  parameters: number;
  /** Size of the weights in bytes. */
  bytes: number;
  /** Identifies the weights: hash of config.json and of every file's header, 16 hexadecimal digits. */
  weightsHash: string;
  /** Absolute path of tokenizer.json, else of vocab.json; undefined when the folder has neither. */
  tokenizerPath?: string;
  /** Reads one tensor as fp32, row-major; quantised ones come multiplied by their scales. */
  readTensor(name: string): Promise<Float32Array>;
}
