import type { DenoiserSpec } from '../models/spec.ts';

/**
 * Keys and values of committed rows. Columns are in commit order; a forward's mask addresses them by index.
 * Contents belong to the denoiser that made the cache.
 */
export interface KvCache {
  /** Committed columns. */
  readonly length: number;
  /** Token of every committed column (owned by the cache, in commit order). */
  readonly tokens: readonly number[];
  /** Forgets all columns from `length` on: a roll-back. */
  truncate(length: number): void;
  /** Forgets all columns and takes those of another cache of the same denoiser. */
  copy(other: KvCache): void;
}

/** Rows of one forward. */
export interface ForwardRequest {
  cache: KvCache;
  /** Token ids, [rows]. */
  ids: readonly number[];
  /** Positions for the rotary embedding, [rows]. */
  positions: readonly number[];
  /**
   * Whether row r attends to column c. Columns 0 … cache.length−1 are the cache, the rest are this forward's rows
   * in order.
   */
  visible(row: number, column: number): boolean;
  /** Rows whose predictions are wanted, ascending; empty for a prefill. */
  select: readonly number[];
  /** How many of the best tokens to return for each selected row. */
  topK: number;
  /** Also return the normed hidden state of the selected rows. */
  hidden?: boolean;
  /** Also return the entropy of the selected rows. */
  entropy?: boolean;
  /** Also return the logits of these tokens, one for each selected row. */
  scored?: readonly number[];
  /** What to expect of the next forwards, for a denoiser that computes several in one call. Changes no result. */
  ahead?: Ahead;
}

/**
 * The next forwards are expected to feed the same rows after the rule `dynamic` has put tokens in place of masks, and to
 * select some of the same rows.
 */
export interface Ahead {
  /** The masked row whose token each selected row predicts, [selected]. */
  predicted: readonly number[];
  threshold: number;
  /** Whether one forward follows that has no masks among the predicted rows. */
  clean: boolean;
}

/** What a forward returns for its selected rows, in the order of `select`. */
export interface ForwardResult {
  /** Token ids by falling logit, [selected, topK]. Suppressed tokens never appear. */
  topIds: Int32Array;
  /** Their logits, [selected, topK]. */
  topLogits: Float32Array;
  /** log Σ exp of all logits of a selected row (suppressed tokens excluded), [selected]. */
  logSumExp: Float32Array;
  /** Normed hidden state, [selected, hiddenSize], when asked for. */
  hidden?: Float32Array;
  /** Entropy of the softmax of all logits (suppressed tokens excluded) in nats, [selected], when asked for. */
  entropy?: Float32Array;
  /** Their logits, [selected], when asked for. */
  scoredLogits?: Float32Array;
  /** Appends the keys and values of the first `count` rows to the cache of the request, before it is fed again. */
  commit(count: number): void;
}

/** Chains the proposals of one window: each row is rescored given the token chosen for the position before it. */
export interface SamplerHead {
  /** Candidates rescored per row. */
  readonly candidates: number;
  /**
   * hidden [rows, hiddenSize], candidates [rows, k] token ids, previous: the token before the first row.
   * noise [rows, k] is added to the scores before the maximum is taken (Gumbel noise samples; zeros are greedy).
   * Scores are divided by `temperature` first (1 when greedy). `chosen` holds token ids, [rows]; `scores` [rows, k] come
   * divided by the temperature and without noise.
   */
  chain(input: {
    hidden: Float32Array;
    candidates: Int32Array;
    previous: number;
    noise?: Float32Array;
    temperature?: number;
  }): Promise<{ chosen: Int32Array; scores: Float32Array }>;
}

/** The network behind a decoder. One forward at a time; a forward is the unit of cancellation. */
export interface Denoiser {
  readonly spec: DenoiserSpec;
  readonly samplerHead?: SamplerHead;
  newCache(): KvCache;
  forward(request: ForwardRequest): Promise<ForwardResult>;
}

/** A network that is fed the rows of several caches in one forward. */
export interface BatchDenoiser {
  readonly spec: DenoiserSpec;
  readonly samplerHead?: SamplerHead;
  /** Caches whose rows may be fed together. */
  newCaches(count: number): KvCache[];
  /**
   * Runs requests over different caches of one `newCaches`; results in their order. Every one is bit by bit what it
   * would be without the others.
   */
  forward(requests: readonly ForwardRequest[]): Promise<ForwardResult[]>;
}
