import type { Graph, Value } from '../graph.ts';
import type { DenoiserShape } from '../shape.ts';
import type { WeightLocation } from '../weights.ts';

/** Inputs that every layer's attention shares. */
export interface AttentionInputs {
  /** Rotation of every row, [rows, rotaryDim / 2] each. */
  cos: Value;
  sin: Value;
  /**
   * Added to the scores: 0 where a row sees a column, a large negative number where not. [1, rows·group, columns]
   * with group = heads / kvHeads; the row of query head h in its group is row·group + h.
   */
  mask: Value;
  /** Where the new keys and values belong: (key-value head, column) of every row, i64 [kvHeads, rows, 2]. */
  slots: Value;
  /** 1 where a row's column is, f32 [rows, columns]. */
  placement: Value;
  /** Where rows of several samples are fed together, each sample with a past of its own. */
  batch?: BatchInputs;
}

/**
 * Attention then runs over places: as many for every sample as the one with the most rows needs. The inputs above get
 * the places of all samples instead of rows (cos and sin), and an axis of samples before that of rows: mask
 * [1, samples, places·group, columns], slots [kvHeads, samples, places, 3] with the sample in the middle, placement
 * [samples, places, columns]; the past is [kvHeads, samples, columns, headDim].
 */
export interface BatchInputs {
  /** The row at every place, any where there is none, i64 [samples·places]. */
  rowOfPlace: Value;
  /** The place of every row, i64 [rows]. */
  placeOfRow: Value;
  /** [kvHeads, samples, −1, headDim], i64 [4]. */
  heads: Value;
}

export interface AttentionLayer {
  /** Queries, keys and values as kvHeads groups of [q…q | k | v], [rows, kvHeads·(group + 2)·headDim]. */
  qkv: Value;
  /**
   * Committed keys and values with room for the new ones, [kvHeads, columns, headDim]. Unused keys are zeros, but where
   * the device keeps the past: there they are anything that is finite.
   */
  pastKey: Value;
  pastValue: Value;
  queryNorm?: WeightLocation;
  keyNorm?: WeightLocation;
}

/**
 * What a layer's attention yields: the heads' output [rows, heads·headDim], new keys and values [kvHeads, rows, headDim],
 * in a batch those of all places.
 */
export interface AttentionResult {
  output: Value;
  key: Value;
  value: Value;
  /** The past with the new rows in their columns, for devices that keep it until the next forward. */
  present?: { key: Value; value: Value };
}

/** One implementation per execution provider; kernels/naive-forward.ts is their oracle. */
export type Attention = (
  graph: Graph,
  shape: DenoiserShape,
  shared: AttentionInputs,
  layer: AttentionLayer,
) => AttentionResult;
