import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Graph } from '../../kernels/graph.ts';
import { type Activations, int8 } from '../../kernels/linear/int8.ts';
import { linear } from '../../kernels/linear/linear.ts';
import { loadOrt, openSession, tensors } from '../../server/engine/ort.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const [ROWS, IN, OUT] = [5, 37, 24];

for (const activations of ['u8', 's8'] as Activations[]) {
  test(`an int8 product is that of the rounded numbers, summed in integers: ${activations}`, async (t) => {
    const random = testRandom(4);
    const weight = Int8Array.from({ length: OUT * IN }, () => Math.round(254 * random() - 127));
    const scale = Float32Array.from({ length: OUT }, () => 0.001 + random() / 100);
    const bias = Float32Array.from({ length: OUT }, () => random() - 0.5);
    // One row dwarfs the others and one is all zeros: neither may change its neighbours.
    const x = Float32Array.from({ length: ROWS * IN }, (_, i) => (random() - 0.5) * (i < IN ? 1000 : 1));
    x.fill(0, IN, 2 * IN);

    const dir = temporaryFolder(t);
    writeFileSync(
      path.join(dir, 'w.bin'),
      Buffer.concat([weight, scale, bias].map((a) => Buffer.from(a.buffer))),
    );
    const at = { file: 'w.bin', start: 0 };
    const location = (dtype: 'I8' | 'F32', dims: number[], offset: number, length: number) => ({
      ...at,
      dtype,
      dims,
      offset,
      length,
    });
    const range = {
      weight: location('I8', [OUT, IN], 0, OUT * IN),
      scale: location('F32', [OUT], OUT * IN, OUT * 4),
      bias: location('F32', [OUT], OUT * IN + OUT * 4, OUT * 4),
    };
    const graph = new Graph();
    const input = graph.input('x', 'f32', ['rows', IN]);
    const precision = int8(activations);
    // Two ranges in turned order: the second half of the matrix comes first.
    const half = OUT / 2;
    const y = linear(graph, precision, precision.prepare(graph, input), [
      { ...range, start: half, count: half },
      { ...range, start: 0, count: half },
    ]);
    graph.output('y', y, 'f32', ['rows', OUT]);
    graph.output(
      'wide',
      linear(graph, precision, precision.prepareWide(graph, input), [{ ...range, start: 0, count: OUT }]),
      'f32',
      ['rows', OUT],
    );
    const ort = await loadOrt();
    const session = await openSession(ort, graph, dir, 1);
    const out = await session.run({ x: tensors(ort).f32(x, [ROWS, IN]) });
    const actual = out.y.data as Float32Array;
    const wide = out.wide.data as Float32Array;

    for (let row = 0; row < ROWS; row++) {
      const values = x.subarray(row * IN, (row + 1) * IN);
      const largest = Math.max(...values.map(Math.abs));
      const rounded = values.map((value) => (largest === 0 ? 0 : Math.round((value / largest) * 127)));
      for (let column = 0; column < OUT; column++) {
        const o = (column + half) % OUT;
        let sum = 0;
        for (let k = 0; k < IN; k++) sum += rounded[k] * weight[o * IN + k];
        const expected = (sum * largest * scale[o]) / 127 + bias[o];
        const difference = Math.abs(actual[row * OUT + column] - expected);
        assert.ok(difference <= 1e-5 * Math.max(1, Math.abs(expected)), `row ${row}, column ${column}`);

        let exact = bias[column];
        let bound = 1e-6;
        for (let k = 0; k < IN; k++) {
          exact += values[k] * weight[column * IN + k] * scale[column];
          // Half a step of sixteen bits, for every number of the row.
          bound += (largest * Math.abs(weight[column * IN + k]) * scale[column]) / (2 * 127 * 254);
        }
        assert.ok(Math.abs(wide[row * OUT + column] - exact) <= bound, `wide, row ${row}, column ${column}`);
      }
    }
    await session.release();
  });
}
