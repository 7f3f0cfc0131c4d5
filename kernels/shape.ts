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

/** A mixture of experts: feed-forward networks of which every row takes a few, found by a router. */
export interface Experts {
  count: number;
  /** Experts that a row takes. */
  chosen: number;
  intermediateSize: number;
  /** Layers before this one have one network for all rows. */
  firstLayer: number;
  /** What makes a row's scores of its products with the router's rows. */
  score: 'softmax' | 'sigmoid';
  /** The scores of the chosen experts are divided by their sum. */
  normalized: boolean;
  /** Factor on what the experts add. */
  scale: number;
  /** A bias per expert is added to the scores, for the choice only. */
  choiceBias: boolean;
  /** Consecutive experts form so many groups, of which a row may choose from the best, by the sum of their two best. */
  groups: number;
  chosenGroups: number;
  /** Width of a network that every row takes besides; 0: there is none. */
  sharedSize: number;
}

/** The shape of a decoder-only transformer: all that the forward graph depends on. */
export interface DenoiserShape {
  layers: number;
  hiddenSize: number;
  /** Width of the gated feed-forward layer; of the dense ones where there are experts. */
  intermediateSize: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
  rmsEps: number;
  rope: Rope;
  /** The first dimensions of a head that the rotary embedding turns, an even number; left out: all. */
  rotaryDim?: number;
  /** Biases on q, k and v (Qwen2). */
  qkvBias: boolean;
  /** Bias on the attention output (Llama with `attention_bias`). */
  outputBias: boolean;
  /** RMS norm of every query and key head before the rotary embedding (Qwen3). */
  qkNorm: boolean;
  /** The output head is the embedding matrix. */
  tiedHead: boolean;
  maxPositions: number;
  experts?: Experts;
}
