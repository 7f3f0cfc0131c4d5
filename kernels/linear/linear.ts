import type { Graph, Value } from '../graph.ts';
import type { WeightLocation } from '../weights.ts';

/** Consecutive rows of a stored [out, in] weight, with what belongs to them. */
export interface RowRange {
  weight: WeightLocation;
  /** One factor per row, when the weight is quantised. */
  scale?: WeightLocation;
  bias?: WeightLocation;
  start: number;
  count: number;
}

/** An [out, in] matrix, put together from row ranges in order. */
export type Matrix = readonly RowRange[];

/** Rows ready to be multiplied by several matrices. What is inside belongs to the precision that made it. */
export interface Prepared {
  value: Value;
  /** Factor of every row, [rows, 1], that the multiplication leaves out. */
  rowScale?: Value;
  /** Factor of all rows that the multiplication applies. */
  factor?: number;
  /** The value is [2·rows, in]: the rows, then what rounding left of them, enlarged. */
  withRest?: boolean;
}

/** A product [rows, out] that still lacks the factor of every row, if it has one. */
export interface Product {
  value: Value;
  rowScale?: Value;
}

/** How matrices are multiplied. One implementation a file; kernels/naive-forward.ts is their oracle. */
export interface Precision {
  /** `x` is [rows, in]; `rowScale` a pending factor of its rows that only the product needs. */
  prepare(graph: Graph, x: Value, rowScale?: Value): Prepared;
  /** The same for `x` that comes out of an RMS norm, whose size is therefore known. */
  prepareNormed(graph: Graph, x: Value): Prepared;
  /** The same for `x` that may hold single numbers far larger than the rest of their row. */
  prepareWide(graph: Graph, x: Value, rowScale?: Value): Prepared;
  /**
   * x·Wᵀ, without its row factor. A matrix with biases must be multiplied by `linear`. `offset`, [out], is added
   * before the row factor is applied, so it serves only where its exact size does not matter.
   */
  multiply(graph: Graph, x: Prepared, matrix: Matrix, offset?: Value): Product;
  /** Table rows of an embedding, [ids, hidden], in f32. */
  embed(graph: Graph, ids: Value, table: RowRange): Value;
}

/** Applies the pending factor of every row. */
export function settle(graph: Graph, { value, rowScale }: Product): Value {
  return rowScale === undefined ? value : graph.op('Mul', [value, rowScale]);
}

/** x·Wᵀ + b. */
export function linear(graph: Graph, precision: Precision, x: Prepared, matrix: Matrix): Value {
  const product = settle(graph, precision.multiply(graph, x, matrix));
  return matrix[0].bias ? graph.op('Add', [product, joined(graph, matrix, biasRows)]) : product;
}

function biasRows(graph: Graph, { bias, start, count }: RowRange): Value {
  return toF32(graph, graph.weightRows(bias as WeightLocation, start, count), bias as WeightLocation);
}

/** One tensor for all ranges of a matrix; the runtime folds it into a constant when it loads the graph. */
export function joined(graph: Graph, matrix: Matrix, part: (graph: Graph, range: RowRange) => Value): Value {
  const parts = matrix.map((range) => part(graph, range));
  return parts.length === 1 ? parts[0] : graph.op('Concat', parts, { axis: 0 });
}

/** A stored tensor as f32. */
export function toF32(graph: Graph, value: Value, { dtype }: WeightLocation): Value {
  return dtype === 'F32' ? value : graph.op('Cast', [value], { to: 1 });
}
