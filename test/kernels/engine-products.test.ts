import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { differentiate } from '../../kernels/autodiff.ts';
import { Graph } from '../../kernels/graph.ts';
import { int8 } from '../../kernels/linear/int8.ts';
import { widened } from '../../kernels/linear/stored.ts';
import { multiplyAsEngine } from '../../kernels/training/engine-products.ts';
import type { WeightLocation } from '../../kernels/weights.ts';
import { loadOrt, nativeActivations, openSession, tensors } from '../../server/engine/ort.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const [ROWS, IN, OUT] = [3, 8, 5];
/** Whole numbers up to this one, which every row has: nothing is lost when they are rounded. */
const LARGEST = 127;
/** Weights are smaller, so that sums of two products fit into 16 bits, as processors without dot products need it. */
const LARGEST_WEIGHT = 63;

for (const preparation of ['prepare', 'prepareNormed', 'prepareWide'] as const) {
  test(`of whole numbers the engine's product is exact, and so is the gradient that goes through it: ${preparation}`, async (t) => {
    const random = testRandom(5);
    const whole = (largest = LARGEST) => Math.round((2 * random() - 1) * largest);
    const x = Float32Array.from({ length: ROWS * IN }, (_, i) => (i % IN === 0 ? LARGEST : whole()));
    const integers = Int8Array.from({ length: OUT * IN }, () => whole(LARGEST_WEIGHT));
    const scales = Float32Array.from({ length: OUT }, (_, i) => 2 ** -i);
    const bias = Float32Array.from({ length: OUT }, () => whole());
    const upstream = Float32Array.from({ length: ROWS * OUT }, () => whole());
    const dir = temporaryFolder(t);
    const stored = (
      name: string,
      dtype: WeightLocation['dtype'],
      dims: number[],
      data: Int8Array | Float32Array,
    ) => {
      writeFileSync(path.join(dir, name), data);
      return { dtype, dims, file: name, offset: 0, length: data.byteLength };
    };
    const range = {
      weight: stored('integers', 'I8', [OUT, IN], integers),
      scale: stored('scales', 'F32', [OUT], scales),
      bias: stored('bias', 'F32', [OUT], bias),
      start: 0,
      count: OUT,
    };

    const graph = new Graph();
    const input = graph.input('x', 'f32', [ROWS, IN]);
    const weight = widened(graph, range);
    const product = graph.op('Gemm', [input, weight, graph.weight(range.bias)], { transB: 1 });
    const weighted = graph.op('Mul', [product, graph.f32(upstream, [ROWS, OUT])]);
    const loss = graph.op('ReduceSum', [weighted, graph.i64([0, 1])], { keepdims: 0 });
    const gradient = differentiate(graph, loss, ['x']).get('x')!;
    graph.output('product', product, 'f32', [ROWS, OUT]);
    graph.output('gradient', gradient, 'f32', [ROWS, IN]);
    const precision = int8(nativeActivations(), LARGEST);
    multiplyAsEngine(graph, precision, new Map([[weight, { matrix: [range], preparation }]]));

    const ort = await loadOrt();
    const session = await openSession(ort, graph, dir, 1);
    const out = await session.run({ x: tensors(ort).f32(x, [ROWS, IN]) });
    await session.release();
    const gemms = graph.nodes.filter(({ op }) => op === 'Gemm');
    assert.deepEqual(
      gemms.map(({ outputs }) => outputs),
      [[gradient]],
      'only the gradient is multiplied in fp32',
    );
    const w = (row: number, column: number) => scales[row] * integers[row * IN + column];
    const sum = (length: number, term: (i: number) => number) =>
      Array.from({ length }, (_, i) => term(i)).reduce((total, value) => total + value, 0);
    near(
      out.product.data as Float32Array,
      (row, column) => bias[column] + sum(IN, (k) => x[row * IN + k] * w(column, k)),
      OUT,
    );
    near(
      out.gradient.data as Float32Array,
      (row, column) => sum(OUT, (k) => upstream[row * OUT + k] * w(k, column)),
      IN,
    );
  });
}

function near(
  actual: Float32Array,
  expected: (row: number, column: number) => number,
  columns: number,
): void {
  actual.forEach((value, i) => {
    const wanted = expected(Math.floor(i / columns), i % columns);
    assert.ok(
      Math.abs(value - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)),
      `${i}: ${value} is not ${wanted}`,
    );
  });
}
