import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Graph } from '../../kernels/graph.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { int4 } from '../../kernels/linear/int4.ts';
import { linear, type Precision } from '../../kernels/linear/linear.ts';
import { loadOrt, openSession, tensors } from '../../server/engine/ort.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const [ROWS, IN, OUT, BLOCK] = [5, 96, 24, 32];
const BLOCKS = IN / BLOCK;
/** Two ranges in turned order: the second half of the matrix comes first. */
const STARTS = [OUT / 2, 0];

function randomCase() {
  const random = testRandom(4);
  return {
    integers: Array.from({ length: OUT * IN }, () => Math.floor(16 * random()) - 8),
    scale: Float32Array.from({ length: OUT * BLOCKS }, () => 0.001 + random() / 100),
    bias: Float32Array.from({ length: OUT }, () => random() - 0.5),
    // One row dwarfs the others and one is all zeros: neither may change its neighbours.
    x: Float32Array.from({ length: ROWS * IN }, (_, i) =>
      i >= IN && i < 2 * IN ? 0 : (random() - 0.5) * (i < IN ? 1000 : 1),
    ),
  };
}

/** x·Wᵀ + b with a session on the stored weight. */
async function multiply(
  dir: string,
  precision: Precision,
  x: Float32Array,
  { integers, scale, bias }: ReturnType<typeof randomCase>,
): Promise<Float32Array> {
  const packed = Uint8Array.from({ length: (OUT * IN) / 2 }, (_, i) => {
    return integers[2 * i] + 8 + 16 * (integers[2 * i + 1] + 8);
  });
  writeFileSync(
    path.join(dir, 'w.bin'),
    Buffer.concat([packed, scale, bias].map((a) => Buffer.from(a.buffer))),
  );
  let end = 0;
  const next = <T extends string>(dtype: T, dims: number[], length: number) => {
    end += length;
    return { file: 'w.bin', dtype, dims, offset: end - length, length };
  };
  const range = {
    weight: next('I4', [OUT, BLOCKS, BLOCK / 2], packed.length),
    scale: next('F32', [OUT, BLOCKS], scale.byteLength),
    bias: next('F32', [OUT], bias.byteLength),
    count: OUT / 2,
  };
  const graph = new Graph();
  const input = graph.input('x', 'f32', ['rows', IN]);
  const matrix = STARTS.map((start) => ({ ...range, start }));
  graph.output('y', linear(graph, precision, precision.prepare(graph, input), matrix), 'f32', ['rows', OUT]);
  const ort = await loadOrt();
  const session = await openSession(ort, graph, dir, 1);
  const out = await session.run({ x: tensors(ort).f32(x, [x.length / IN, IN]) });
  await session.release();
  return out.y.data as Float32Array;
}

for (const [name, precision, roundedActivations] of [
  ['fp32', fp32, false],
  ['int4', int4, true],
] as const) {
  test(`a product with 4-bit blocks is that of their numbers: ${name}`, async (t) => {
    const given = randomCase();
    const actual = await multiply(temporaryFolder(t), precision, given.x, given);
    const weight = given.integers.map((integer, i) => integer * given.scale[Math.floor(i / BLOCK)]);
    for (let row = 0; row < ROWS; row++) {
      const x = given.x.subarray(row * IN, (row + 1) * IN);
      const largest = Array.from({ length: BLOCKS }, (_, b) =>
        Math.max(...x.subarray(b * BLOCK, (b + 1) * BLOCK).map(Math.abs)),
      );
      for (let column = 0; column < OUT; column++) {
        const out = (column + OUT / 2) % OUT;
        let expected = given.bias[out];
        let bound = 1e-5 * Math.max(1, Math.abs(expected), largest[0]);
        for (let k = 0; k < IN; k++) {
          expected += x[k] * weight[out * IN + k];
          // Half a step of eight bits.
          if (roundedActivations)
            bound += (largest[Math.floor(k / BLOCK)] / 254) * Math.abs(weight[out * IN + k]);
        }
        const difference = Math.abs(actual[row * OUT + column] - expected);
        assert.ok(difference <= bound, `row ${row}, column ${column}: ${difference} over ${bound}`);
      }
    }
  });
}

test("an int4 row's bits do not depend on the rows beside it", async (t) => {
  const given = randomCase();
  const dir = temporaryFolder(t);
  const all = await multiply(dir, int4, given.x, given);
  for (let row = 0; row < ROWS; row++) {
    const alone = await multiply(dir, int4, given.x.slice(row * IN, (row + 1) * IN), given);
    assert.deepEqual(alone, all.slice(row * OUT, (row + 1) * OUT));
  }
});
