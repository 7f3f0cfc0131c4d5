import type { Graph, Value } from '../../../kernels/graph.ts';

/** A small graph around one operator. */
export interface OperatorCase {
  name: string;
  /** Operators of the table that the graph or its gradient contains. */
  operators: readonly string[];
  /** Dimensions of the inputs that are differentiated. */
  parameters: Readonly<Record<string, readonly number[]>>;
  /** Parameters that only take part in the forward pass. */
  constant?: readonly string[];
  integers?: Readonly<Record<string, { dims: readonly number[]; values: readonly number[] }>>;
  /** Draws the inputs from 0.5 … 1.5 instead of −1 … 1. */
  positive?: boolean;
  /** Gives the first dimension of every parameter a name instead of a number. */
  symbolic?: boolean;
  build(graph: Graph): Value;
  /** Elements of the result. */
  elements: number;
}

const unary = (operator: string, positive = false): OperatorCase => ({
  name: operator,
  operators: [operator],
  parameters: { a: [2, 3] },
  positive,
  build: (graph) => graph.op(operator, ['a']),
  elements: 6,
});

const binary = (operator: string, how: string, a: number[], b: number[], elements: number): OperatorCase => ({
  name: `${operator}, ${how}`,
  operators: [operator],
  parameters: { a, b },
  positive: true,
  build: (graph) => graph.op(operator, ['a', 'b']),
  elements,
});

const product = (operator: 'FusedMatMul' | 'Gemm', transA: number, transB: number): OperatorCase => ({
  name: `${operator}, transA ${transA}, transB ${transB}`,
  operators: [operator],
  parameters:
    operator === 'Gemm'
      ? { a: transA ? [4, 2] : [2, 4], b: transB ? [3, 4] : [4, 3], c: [3] }
      : { a: transA ? [2, 4, 2] : [2, 2, 4], b: transB ? [2, 3, 4] : [2, 4, 3] },
  build: (graph) =>
    operator === 'Gemm'
      ? graph.op('Gemm', ['a', 'b', 'c'], { transA, transB, alpha: { float: 0.5 } })
      : graph.contrib('FusedMatMul', ['a', 'b'], { transA, transB, alpha: { float: 0.5 } }),
  elements: operator === 'Gemm' ? 6 : 12,
});

const reduction = (operator: string, keepdims: number, axes: number[], elements: number): OperatorCase => ({
  name: `${operator} over ${axes}, keepdims ${keepdims}`,
  operators: [operator, 'Expand', 'Shape', ...(operator === 'ReduceMax' ? ['Equal', 'Cast'] : [])],
  parameters: { a: [2, 3, 4] },
  build: (graph) => graph.op(operator, ['a', graph.i64(axes)], { keepdims }),
  elements,
});

const TRANSPOSITIONS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

export const CASES: readonly OperatorCase[] = [
  ...['Neg', 'Exp', 'Sigmoid', 'Identity'].map((operator) => unary(operator)),
  ...['Log', 'Sqrt', 'Reciprocal'].map((operator) => unary(operator, true)),
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((operator) => [
    binary(operator, 'same dimensions', [2, 3], [2, 3], 6),
    binary(operator, 'a row factor', [2, 3], [2, 1], 6),
    binary(operator, 'a vector on the left', [3], [2, 3], 6),
    binary(operator, 'both broadcast', [2, 1, 3], [4, 1], 24),
    binary(operator, 'a scalar', [2, 3], [], 6),
  ]),
  ...['Min', 'Max'].map((operator) => ({
    ...binary(operator, 'a row factor', [2, 3], [2, 1], 6),
    operators: [operator, 'LessOrEqual'],
  })),
  {
    name: 'QuickGelu as SiLU',
    operators: ['QuickGelu'],
    parameters: { a: [2, 3] },
    build: (graph) => graph.contrib('QuickGelu', ['a'], { alpha: { float: 1 } }),
    elements: 6,
  },
  {
    name: 'Cast',
    operators: ['Cast'],
    parameters: { a: [2, 3] },
    build: (graph) => graph.op('Cast', ['a'], { to: 1 }),
    elements: 6,
  },
  {
    name: 'Gemm onto a matrix',
    operators: ['Gemm'],
    parameters: { a: [2, 4], b: [4, 3], c: [2, 3] },
    build: (graph) => graph.op('Gemm', ['a', 'b', 'c']),
    elements: 6,
  },
  {
    name: 'MatMul',
    operators: ['MatMul'],
    parameters: { a: [2, 3, 4], b: [2, 4, 2] },
    build: (graph) => graph.op('MatMul', ['a', 'b']),
    elements: 12,
  },
  {
    name: 'MatMul with batches that are broadcast',
    operators: ['MatMul'],
    parameters: { a: [2, 1, 3, 4], b: [3, 4, 2] },
    build: (graph) => graph.op('MatMul', ['a', 'b']),
    elements: 36,
  },
  {
    name: 'FusedMatMul with batches that are broadcast',
    operators: ['FusedMatMul'],
    parameters: { a: [3, 3, 4], b: [1, 2, 4] },
    build: (graph) =>
      graph.contrib('FusedMatMul', ['a', 'b'], { transA: 0, transB: 1, alpha: { float: 0.5 } }),
    elements: 18,
  },
  ...TRANSPOSITIONS.flatMap(([a, b]) => [product('FusedMatMul', a, b), product('Gemm', a, b)]),
  ...['Softmax', 'LogSoftmax'].map((operator) => ({
    name: operator,
    operators: [operator],
    parameters: { a: [3, 4] },
    build: (graph: Graph) => graph.op(operator, ['a'], { axis: -1 }),
    elements: 12,
  })),
  {
    name: 'SimplifiedLayerNormalization',
    operators: ['SimplifiedLayerNormalization'],
    parameters: { a: [2, 3, 4], w: [4] },
    build: (graph) =>
      graph.ops(
        'SimplifiedLayerNormalization',
        ['a', 'w'],
        { axis: -1, epsilon: { float: 1e-5 }, stash_type: 1 },
        2,
      )[0],
    elements: 24,
  },
  {
    name: 'RotaryEmbedding',
    operators: ['RotaryEmbedding'],
    parameters: { a: [2, 3, 8], cos: [3, 2], sin: [3, 2] },
    constant: ['cos', 'sin'],
    build: (graph) => graph.contrib('RotaryEmbedding', ['a', graph.i64([0]), 'cos', 'sin'], { num_heads: 2 }),
    elements: 48,
  },
  {
    name: 'Reshape with an unknown number of rows',
    operators: ['Reshape'],
    parameters: { a: [4, 6] },
    symbolic: true,
    build: (graph) => {
      const heads = graph.op('Reshape', ['a', graph.i64([0, 2, 3])]);
      const rows = graph.op('Reshape', [graph.op('Neg', [heads]), graph.i64([-1, 3])]);
      return graph.op('Reshape', [graph.op('Exp', [rows]), graph.i64([-1, 6])]);
    },
    elements: 24,
  },
  {
    name: 'Squeeze and Unsqueeze',
    operators: ['Squeeze', 'Unsqueeze'],
    parameters: { a: [2, 1, 3] },
    build: (graph) =>
      graph.op('Unsqueeze', [graph.op('Squeeze', ['a', graph.i64([-2])]), graph.i64([0, -1])]),
    elements: 6,
  },
  {
    name: 'Transpose',
    operators: ['Transpose'],
    parameters: { a: [2, 3, 4] },
    build: (graph) => graph.op('Transpose', ['a'], { perm: [2, 0, 1] }),
    elements: 24,
  },
  {
    name: 'Concat',
    operators: ['Concat'],
    parameters: { a: [2, 3], b: [2, 1], c: [2, 2] },
    constant: ['b'],
    build: (graph) => graph.op('Concat', ['a', 'b', 'c'], { axis: 1 }),
    elements: 12,
  },
  {
    name: 'Split into given sizes, one of them unused',
    operators: ['Split'],
    parameters: { a: [2, 6] },
    build: (graph) => {
      const [left, , right] = graph.ops('Split', ['a', graph.i64([2, 2, 2])], { axis: 1 }, 3);
      return graph.op('Mul', [left, right]);
    },
    elements: 4,
  },
  {
    name: 'Split into equal parts',
    operators: ['Split'],
    parameters: { a: [2, 6] },
    build: (graph) => {
      const [left, right] = graph.ops('Split', ['a'], { axis: -1, num_outputs: 2 }, 2);
      return graph.op('Mul', [left, right]);
    },
    elements: 6,
  },
  {
    name: 'Slice',
    operators: ['Slice', 'Pad'],
    parameters: { a: [2, 5] },
    build: (graph) => graph.op('Slice', ['a', graph.i64([1]), graph.i64([-1]), graph.i64([1])]),
    elements: 6,
  },
  {
    name: 'Gather of rows, one of them twice',
    operators: ['Gather', 'ScatterND', 'ConstantOfShape', 'Shape'],
    parameters: { a: [4, 3] },
    integers: { ids: { dims: [3], values: [2, 0, 2] } },
    symbolic: true,
    build: (graph) => graph.op('Gather', ['a', 'ids'], { axis: 0 }),
    elements: 9,
  },
  {
    name: 'rows that are picked in two parts and put back, their gradients scattered into one sum',
    operators: ['Gather', 'ScatterND', 'ConstantOfShape', 'Shape'],
    parameters: { a: [4, 3] },
    integers: { first: { dims: [2], values: [3, 1] }, second: { dims: [3], values: [0, 2, 1] } },
    symbolic: true,
    build: (graph) => {
      let sum = graph.op('ConstantOfShape', [graph.op('Shape', ['a'])]);
      for (const part of ['first', 'second']) {
        const picked = graph.op('Exp', [graph.op('Gather', ['a', part], { axis: 0 })]);
        const places = graph.op('Unsqueeze', [part, graph.i64([1])]);
        sum = graph.op('ScatterND', [sum, places, picked], { reduction: 'add' });
      }
      return sum;
    },
    elements: 12,
  },
  {
    name: 'two products of the same matrix, the gradient of the second added to that of the first',
    operators: ['Gemm'],
    parameters: { a: [2, 3], b: [4, 3], c: [3, 4] },
    build: (graph) => {
      const twice = { alpha: { float: 2 } };
      return graph.op('Mul', [
        graph.op('Gemm', ['a', 'b'], { transB: 1 }),
        graph.op('Gemm', ['a', 'c'], twice),
      ]);
    },
    elements: 8,
  },
  {
    name: 'GatherElements',
    operators: ['GatherElements', 'ScatterElements'],
    parameters: { a: [3, 4] },
    integers: { ids: { dims: [3, 2], values: [1, 3, 0, 0, 2, 1] } },
    build: (graph) => graph.op('GatherElements', ['a', 'ids'], { axis: -1 }),
    elements: 6,
  },
  {
    name: 'ScatterND, adding',
    operators: ['ScatterND'],
    parameters: { a: [4, 3], b: [3, 3] },
    integers: { ids: { dims: [3, 1], values: [2, 0, 2] } },
    build: (graph) => graph.op('ScatterND', ['a', 'ids', 'b'], { reduction: 'add' }),
    elements: 12,
  },
  {
    name: 'ScatterElements, adding',
    operators: ['ScatterElements'],
    parameters: { a: [3, 4], b: [3, 2] },
    integers: { ids: { dims: [3, 2], values: [1, 3, 0, 0, 2, 1] } },
    build: (graph) => graph.op('ScatterElements', ['a', 'ids', 'b'], { axis: -1, reduction: 'add' }),
    elements: 12,
  },
  {
    name: 'TopK as a constant',
    operators: ['TopK'],
    parameters: { a: [2, 5], b: [2, 3] },
    constant: ['a'],
    build: (graph) => {
      const [values] = graph.ops('TopK', ['a', graph.i64([3])], { axis: -1 }, 2);
      return graph.op('Mul', [values, 'b']);
    },
    elements: 6,
  },
  ...['ReduceSum', 'ReduceMean', 'ReduceMax'].flatMap((operator) => [
    reduction(operator, 1, [-1], 6),
    reduction(operator, 0, [0], 12),
    reduction(operator, 0, [0, 2], 3),
  ]),
];
