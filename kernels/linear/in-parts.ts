import { logicalDims } from '../weights.ts';
import { type Matrix, type Precision, unrounded } from './linear.ts';
import { type RowRange, widened } from './stored.ts';

/** Numbers of a part: 64 MB in single precision. */
export const PART = 2 ** 24;

/**
 * Single precision, a part of a matrix at a time: where the graph is not optimised, no more weights than those are in
 * memory at once, however wide the matrix is. Slower than fp32.ts, which has them all ready.
 */
export const fp32InParts: Precision = {
  ...unrounded,

  multiply(graph, x, matrix, offset) {
    const products = inParts(matrix).map((part) =>
      graph.op('Gemm', [x.value, widened(graph, part)], { transB: 1 }),
    );
    const product = products.length === 1 ? products[0] : graph.op('Concat', products, { axis: 1 });
    return { value: offset === undefined ? product : graph.op('Add', [product, offset]) };
  },
};

function inParts(matrix: Matrix): RowRange[] {
  return matrix.flatMap((range) => {
    const most = Math.max(1, Math.floor(PART / logicalDims(range.weight)[1]));
    return Array.from({ length: Math.ceil(range.count / most) }, (_, i) => ({
      ...range,
      start: range.start + i * most,
      count: Math.min(most, range.count - i * most),
    }));
  });
}
