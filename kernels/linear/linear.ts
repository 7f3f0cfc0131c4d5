import type { Graph, Value } from '../graph.ts';
import { findWeight, type WeightLocation, type WeightTable } from '../weights.ts';
import { type RowRange, toF32 } from './stored.ts';

/** An [out, in] matrix, put together from row ranges in order. */
export type Matrix = readonly RowRange[];

/** A stored matrix with the scale and the bias that lie beside it. `name` lacks the `.weight`. */
export function whole(weights: WeightTable, name: string): Matrix {
  const weight = findWeight(weights, `${name}.weight`);
  return [
    {
      weight,
      scale: weights.get(`${name}.weight_scale`),
      bias: weights.get(`${name}.bias`),
      start: 0,
      count: weight.dims[0],
    },
  ];
}

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

/** Activations that are not rounded before they are multiplied. */
export const unrounded: Omit<Precision, 'multiply'> = {
  prepare(graph, x, rowScale) {
    return { value: rowScale === undefined ? x : graph.op('Mul', [x, rowScale]) };
  },
  prepareNormed(_graph, x) {
    return { value: x };
  },
  prepareWide(graph, x, rowScale) {
    return unrounded.prepare(graph, x, rowScale);
  },
};

/** A quantised matrix: integers as they are stored, and their factors in f32. */
export interface IntegerWeight {
  rows: Value;
  scale: Value;
}

/** The rows of a matrix all of which are quantised. */
export function integerWeight(graph: Graph, matrix: Matrix): IntegerWeight {
  return {
    rows: joined(graph, matrix, (g, { weight, start, count }) => g.weightRows(weight, start, count)),
    scale: joined(graph, matrix, (g, range) => {
      const scale = range.scale as WeightLocation;
      return toF32(g, g.weightRows(scale, range.start, range.count), scale);
    }),
  };
}

/** One tensor for all ranges of a matrix; the runtime folds it into a constant when it loads the graph. */
export function joined(graph: Graph, matrix: Matrix, part: (graph: Graph, range: RowRange) => Value): Value {
  const parts = matrix.map((range) => part(graph, range));
  return parts.length === 1 ? parts[0] : graph.op('Concat', parts, { axis: 0 });
}
