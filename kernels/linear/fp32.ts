import { joined, type Precision, toF32 } from './linear.ts';

/** Plain single precision. Weights stored in half precision are widened when the graph is loaded. */
export const fp32: Precision = {
  prepare(graph, x, rowScale) {
    return { value: rowScale === undefined ? x : graph.op('Mul', [x, rowScale]) };
  },

  prepareNormed(_graph, x) {
    return { value: x };
  },

  prepareWide(graph, x, rowScale) {
    return fp32.prepare(graph, x, rowScale);
  },

  multiply(graph, x, matrix, offset) {
    const weight = joined(graph, matrix, (g, { weight, start, count }) =>
      toF32(g, g.weightRows(weight, start, count), weight),
    );
    return {
      value: graph.op('Gemm', offset === undefined ? [x.value, weight] : [x.value, weight, offset], {
        transB: 1,
      }),
    };
  },

  embed(graph, ids, { weight }) {
    return toF32(graph, graph.op('Gather', [graph.weight(weight), ids], { axis: 0 }), weight);
  },
};
