import { DTYPE, type Graph, type Value } from '../graph.ts';
import { type IntegerWeight, integerWeight, type Precision, type Prepared } from './linear.ts';

/** Integer type of the activations. x64 multiplies u8 by s8 in one instruction, ARM s8 by s8. */
export type Activations = 'u8' | 's8';

const LEVELS = 127;
/** What rounding leaves is at most half a level: enlarged by this it spans all levels. */
const REST = 2 * LEVELS;

/**
 * Weights in int8 with one factor per output row, activations in eight bits with one factor per row, products summed
 * in 32-bit integers. One factor per row, not per tensor: what a row yields must not depend on the rows beside it.
 *
 * `normedRange`: the eight bits of normed activations span −normedRange … normedRange in every row, which saves
 * finding each row's largest. Only for weights made for it, whose norms keep every channel at the same size.
 */
export function int8(activations: Activations, normedRange?: number): Precision {
  const quantize = (graph: Graph, x: Value, range: number) =>
    graph.op('QuantizeLinear', [x, graph.f32([range / LEVELS], []), zeroPoint(graph, activations)]);

  const precision: Precision = {
    prepare(graph, x, rowScale) {
      const { unit, scale } = scaled(graph, x, rowScale);
      return { value: quantize(graph, unit, 1), rowScale: scale };
    },

    prepareNormed(graph, x) {
      if (normedRange === undefined) return precision.prepare(graph, x);
      return { value: quantize(graph, x, normedRange), factor: normedRange };
    },

    // Sixteen bits in two rows of eight: the weights, whose reading takes the time, are read once for both.
    prepareWide(graph, x, rowScale) {
      const { unit, scale } = scaled(graph, x, rowScale);
      const rounded = quantize(graph, unit, 1);
      const restored = graph.op('DequantizeLinear', [
        rounded,
        graph.f32([1 / LEVELS], []),
        zeroPoint(graph, activations),
      ]);
      const rest = quantize(graph, graph.op('Sub', [unit, restored]), 1 / REST);
      return { value: graph.op('Concat', [rounded, rest], { axis: 0 }), rowScale: scale, withRest: true };
    },

    multiply(graph, x, matrix, offset) {
      const value = product(graph, activations, x, integerWeight(graph, matrix), offset);
      if (!x.withRest) return { value, rowScale: x.rowScale };
      const [rounded, rest] = graph.ops('Split', [value], { axis: 0, num_outputs: 2 }, 2);
      return {
        value: graph.op('Add', [rounded, graph.op('Mul', [rest, graph.f32([1 / REST], [])])]),
        rowScale: x.rowScale,
      };
    },
  };
  return precision;
}

/** Rounds an f32 weight [out, in] to rows of int8 with a factor each, [out]; done once, when the graph is loaded. */
export function roundWeight(graph: Graph, weight: Value): IntegerWeight {
  const largest = graph.op('ReduceMax', [graph.op('Abs', [weight]), graph.i64([1])], { keepdims: 1 });
  const scale = graph.op('Div', [largest, graph.f32([LEVELS], [])]);
  const rounded = graph.op('Round', [graph.op('Div', [weight, scale])]);
  return {
    rows: graph.op('Cast', [rounded], { to: DTYPE.i8 }),
    scale: graph.op('Squeeze', [scale, graph.i64([1])]),
  };
}

/** x·Wᵀ with a weight of `roundWeight`. */
export function multiplyRounded(
  graph: Graph,
  activations: Activations,
  x: Value,
  weight: IntegerWeight,
): Value {
  const { value, rowScale } = int8(activations).prepare(graph, x);
  return graph.op('Mul', [product(graph, activations, { value }, weight), rowScale as Value]);
}

function product(
  graph: Graph,
  activations: Activations,
  x: Prepared,
  { rows, scale }: IntegerWeight,
  offset?: Value,
): Value {
  return graph.contrib('MatMulIntegerToFloat', [
    x.value,
    graph.op('Transpose', [rows], { perm: [1, 0] }),
    graph.f32([x.factor ?? 1], []),
    graph.op('Mul', [scale, graph.f32([1 / LEVELS], [])]),
    zeroPoint(graph, activations),
    ...(offset === undefined ? [] : ['', offset]),
  ]);
}

/** Rows divided by their largest number, −1 … 1, and the factor that their products need. */
function scaled(graph: Graph, x: Value, rowScale?: Value): { unit: Value; scale: Value } {
  const largest = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.i64([-1])], { keepdims: 1 });
  const scale = rowScale === undefined ? largest : graph.op('Mul', [largest, rowScale]);
  return { unit: graph.op('Div', [x, largest]), scale };
}

function zeroPoint(graph: Graph, activations: Activations): Value {
  return activations === 'u8' ? graph.u8([128], []) : graph.i8([0], []);
}
