/** How token positions enter attention: rotary embedding and the published ways to stretch it. */
export type Rope =
  | { type: 'default'; theta: number }
  | { type: 'linear'; theta: number; factor: number }
  | {
      type: 'llama3';
      theta: number;
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      originalMaxPositions: number;
    };

/** The shape of a decoder-only transformer: all that the forward graph depends on. */
export interface DenoiserShape {
  layers: number;
  hiddenSize: number;
  /** Width of the gated feed-forward layer. */
  intermediateSize: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
  rmsEps: number;
  rope: Rope;
  /** Biases on q, k and v (Qwen2). */
  qkvBias: boolean;
  /** Bias on the attention output (Llama with `attention_bias`). */
  outputBias: boolean;
  /** RMS norm of every query and key head before the rotary embedding (Qwen3). */
  qkNorm: boolean;
  /** The output head is the embedding matrix. */
  tiedHead: boolean;
  maxPositions: number;
}
