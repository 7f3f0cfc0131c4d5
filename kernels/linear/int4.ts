import { integerWeight, type Precision, unrounded } from './linear.ts';

/** Activations are rounded to eight bits, block by block: a row's result does not depend on the rows beside it. */
const EIGHT_BIT_ACTIVATIONS = 4;

/** Weights in four bits with one factor per block of a row, as `I4` of WeightDtype says. */
export const int4: Precision = {
  ...unrounded,

  multiply(graph, x, matrix, offset) {
    const { rows, scale } = integerWeight(graph, matrix);
    const [blocks, bytes] = matrix[0].weight.dims.slice(1);
    const product = graph.contrib('MatMulNBits', [x.value, rows, scale], {
      K: 2 * blocks * bytes,
      N: matrix.reduce((sum, { count }) => sum + count, 0),
      bits: 4,
      block_size: 2 * bytes,
      accuracy_level: EIGHT_BIT_ACTIVATIONS,
    });
    return { value: offset === undefined ? product : graph.op('Add', [product, offset]) };
  },
};
