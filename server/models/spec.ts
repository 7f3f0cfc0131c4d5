import type { DenoiserShape } from '../../kernels/shape.ts';

/** What clean rows see: all clean rows before them, their block and all before it, or everything. */
export type CleanAttention = 'causal' | 'block' | 'full';

/** Token layout of a fill-in-the-middle prompt. */
export interface FimSpec {
  order: 'suffix-prefix-middle' | 'prefix-suffix-middle';
  suffixTokenId: number;
  prefixTokenId: number;
  /** Only in prefix-suffix-middle order: the token after which the middle begins. */
  middleTokenId?: number;
  endTokenId: number;
}

/**
 * How a chat model is asked: what stands before and after the message of a user, up to where the answer begins. A piece
 * that the tokenizer has as a special token is that token, every other is text.
 */
export interface ChatLayout {
  before: readonly string[];
  after: readonly string[];
  /** The token that ends an answer. */
  end: string;
}

/** The two-layer MLP that chains the proposals of one window (`z = h + W2·silu(W1·[h; s·E[t]] + b1) + b2`). */
export interface SamplerHeadSpec {
  /** File name relative to the model folder. */
  file: string;
  hiddenSize: number;
  /** How many of a row's best tokens are rescored. */
  candidates: number;
  /** The factor `s` on the embedding of the previous token. */
  embeddingScale: number;
}

/** Everything the engine knows of a model before it reads a weight. */
export interface DenoiserSpec extends DenoiserShape {
  /** Name of the family in the registry, such as `llama`. */
  family: string;
  /** Undefined for a plain autoregressive checkpoint: such a model decodes with `ar` only. */
  maskTokenId?: number;
  stopTokenIds: readonly number[];
  /** Ids that are never emitted: mask and prompt markers. */
  suppressedTokenIds: readonly number[];
  /** Positions denoised together; for `cleanAttention: block` also the block grid. */
  blockSize: number;
  /** Positions of a block that are filled before those behind them; left out: the whole block. */
  subBlockSize?: number;
  /** 1: the row at position p predicts the token at p + 1. 0: it predicts p itself. */
  logitShift: 0 | 1;
  cleanAttention: CleanAttention;
  /** Largest size of normed activations in an int8 checkpoint; undefined: it is found for every row. */
  normedRange?: number;
  fim?: FimSpec;
  chat?: ChatLayout;
  samplerHead?: SamplerHeadSpec;
}
