import { DTYPE, type Graph, type Value } from '../../kernels/graph.ts';
import { type IntegerWeight, integerWeight, type Matrix } from '../../kernels/linear/linear.ts';

/** Rounds x, [1, rows, in], to eight bits; what it returns multiplies that by a matrix, x·Wᵀ. */
export type Rounding = (graph: Graph, x: Value) => (matrix: Matrix) => Value;

const [LEVELS, ZERO_POINT] = [127, 128];

/** One factor per row, from ONNX's own operators. */
export const perRow: Rounding = (graph, x) => {
  const largest = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.i64([-1])], { keepdims: 1 });
  const scale = graph.op('Div', [largest, graph.f32([LEVELS], [])]);
  const levels = graph.op('Round', [graph.op('Div', [x, scale])]);
  const rounded = graph.op('Cast', [graph.op('Add', [levels, graph.f32([ZERO_POINT], [])])], {
    to: DTYPE.u8,
  });
  return (matrix) => {
    const weight = integerWeight(graph, matrix);
    const sums = products(graph, rounded, graph.u8([ZERO_POINT], []), weight);
    return graph.op('Mul', [graph.op('Mul', [sums, scale]), weight.scale]);
  };
};

/** One factor for all rows, as ONNX Runtime's tool for dynamic quantisation writes it; the runtime fuses these nodes. */
export const perTensor: Rounding = (graph, x) => {
  const [rounded, scale, zeroPoint] = graph.ops('DynamicQuantizeLinear', [x], {}, 3);
  return (matrix) => {
    const weight = integerWeight(graph, matrix);
    const sums = products(graph, rounded, zeroPoint, weight);
    return graph.op('Mul', [sums, graph.op('Mul', [scale, weight.scale])]);
  };
};

function products(graph: Graph, rounded: Value, zeroPoint: Value, { rows }: IntegerWeight): Value {
  const columns = graph.op('Transpose', [rows], { perm: [1, 0] });
  return graph.op('Cast', [graph.op('MatMulInteger', [rounded, columns, zeroPoint])], { to: DTYPE.f32 });
}
