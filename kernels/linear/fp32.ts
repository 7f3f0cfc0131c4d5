import { joined, type Precision, unrounded } from './linear.ts';
import { widened } from './stored.ts';

/** Plain single precision. Weights stored in another one are widened when the graph is loaded. */
export const fp32: Precision = {
  ...unrounded,

  multiply(graph, x, matrix, offset) {
    const weight = joined(graph, matrix, widened);
    const inputs = [x.value, weight, ...(offset === undefined ? [] : [offset])];
    return { value: graph.op('Gemm', inputs, { transB: 1 }) };
  },
};
