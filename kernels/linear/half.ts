import { DTYPE, type Graph, type Value } from '../graph.ts';
import { joined, type Precision, type Prepared, unrounded } from './linear.ts';
import { narrowed } from './stored.ts';

/** Far below whatever a row may hold that matters; a row of zeros stays one. */
const TINY = 1e-20;

/**
 * Half precision, for devices that multiply it faster than single precision: weights and what they are multiplied by
 * have sixteen bits, everything between two products has 32. How long a product's sum is kept in sixteen bits is up to
 * the device.
 */
export const half: Precision = {
  prepare: (graph, x, rowScale) => narrow(graph, unrounded.prepare(graph, x, rowScale)),
  prepareNormed: (graph, x) => narrow(graph, { value: x }),

  // Numbers of a gated product can be beyond 65504, the largest that sixteen bits have.
  prepareWide(graph, x, rowScale) {
    const largest = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.i64([-1])], { keepdims: 1 });
    const divisor = graph.op('Add', [largest, graph.f32([TINY], [])]);
    const scale = rowScale === undefined ? divisor : graph.op('Mul', [divisor, rowScale]);
    return narrow(graph, { value: graph.op('Div', [x, divisor]), rowScale: scale });
  },

  multiply(graph, x, matrix, offset) {
    const product = graph.op('Gemm', [x.value, joined(graph, matrix, narrowed)], { transB: 1 });
    const value = graph.op('Cast', [product], { to: DTYPE.f32 });
    return {
      value: offset === undefined ? value : graph.op('Add', [value, offset]),
      rowScale: x.rowScale,
    };
  },
};

function narrow(graph: Graph, { value, rowScale }: Prepared): { value: Value; rowScale?: Value } {
  return { value: graph.op('Cast', [value], { to: DTYPE.f16 }), rowScale };
}
