import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Graph } from '../../kernels/graph.ts';
import { wholeLogits } from '../../kernels/head.ts';
import { half } from '../../kernels/linear/half.ts';
import { linear } from '../../kernels/linear/linear.ts';
import { loadOrt, openSession, type Tensor, tensors } from '../../server/engine/ort.ts';
import { OrtCache, OrtCacheMemory } from '../../server/engine/ort-cache.ts';
import { OrtForward } from '../../server/engine/ort-forward.ts';
import { openModel } from '../../server/models/registry.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

/** Relative error of rounding to half precision. */
const HALF = 2 ** -11;
const [ROWS, IN, OUT] = [4, 40, 24];

/** The numbers of a tensor in half precision as they are stored, whatever class this version of Node has for them. */
function halfBits({ data }: Tensor): Uint16Array {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

for (const dtype of ['F32', 'BF16'] as const) {
  test(`a product in half precision is that of its numbers up to their rounding: ${dtype}`, async (t) => {
    const random = testRandom(7);
    const [weight, x] = [OUT * IN, ROWS * IN].map((length) =>
      Float32Array.from({ length }, () => random() - 0.5),
    );
    const bias = Float32Array.from({ length: OUT }, () => random() - 0.5);
    x.fill(0, IN, 2 * IN);
    // Bfloat16 is the upper half of single precision.
    const upper = Uint16Array.from(new Uint32Array(weight.buffer), (bits) => bits >>> 16);
    if (dtype === 'BF16') new Uint32Array(weight.buffer).set(Uint32Array.from(upper, (bits) => bits << 16));
    const stored = Buffer.from((dtype === 'BF16' ? upper : weight).buffer);

    const dir = temporaryFolder(t);
    writeFileSync(path.join(dir, 'w.bin'), Buffer.concat([stored, Buffer.from(bias.buffer)]));
    const range = {
      weight: { file: 'w.bin', dtype, dims: [OUT, IN], offset: 0, length: stored.length },
      bias: { file: 'w.bin', dtype: 'F32' as const, dims: [OUT], offset: stored.length, length: OUT * 4 },
    };
    const graph = new Graph();
    const input = graph.input('x', 'f32', ['rows', IN]);
    // Two ranges in turned order: the second half of the matrix comes first.
    const turned = [OUT / 2, 0].map((start) => ({ ...range, start, count: OUT / 2 }));
    const y = linear(graph, half, half.prepare(graph, input), turned);
    graph.output('y', y, 'f32', ['rows', OUT]);
    // A million is far beyond what half precision can hold.
    const gated = graph.op('Mul', [input, graph.f32([1e6], [])]);
    const prepared = half.prepareWide(graph, gated);
    graph.output('wide', linear(graph, half, prepared, turned), 'f32', ['rows', OUT]);
    graph.output('prepared', prepared.value, 'f16', ['rows', IN]);
    const ort = await loadOrt();
    const session = await openSession(ort, graph, dir, 1);
    const out = await session.run({ x: tensors(ort).f32(x, [ROWS, IN]) });
    await session.release();

    // Without its sign no number is above that of 1.
    assert.ok([...halfBits(out.prepared)].every((bits) => (bits & 0x7fff) <= 0x3c00));
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < OUT; column++) {
        const unit = (column + OUT / 2) % OUT;
        let [sum, size] = [0, 0];
        for (let k = 0; k < IN; k++) {
          const product = x[row * IN + k] * weight[unit * IN + k];
          sum += product;
          size += Math.abs(product);
        }
        for (const [name, factor] of [
          ['y', 1],
          ['wide', 1e6],
        ] as const) {
          const expected = factor * sum + bias[unit];
          // Both factors are rounded, and the sum.
          const bound = 3 * HALF * factor * size + 1e-6;
          const actual = out[name].data[row * OUT + column] as number;
          assert.ok(Math.abs(actual - expected) <= bound, `${name} ${row} ${column}: ${actual}, ${expected}`);
        }
      }
    }
  });
}

for (const name of ['llama-tied-window', 'qwen2-full-bias', 'qwen3-sdar-block4']) {
  test(`in half precision the logits of ${name} are the golden ones up to a hundredth`, async () => {
    const folder = await openModel(path.join(FIXTURES, name));
    const golden = readSafetensors(path.join(folder.dir, 'golden.safetensors'));
    const [ids, positions] = [[...golden.get('input_ids')!], [...golden.get('position_ids')!]];
    const [mask, expected] = [golden.get('mask')!, golden.get('logits')!];
    const ort = await loadOrt();
    const forward = await OrtForward.open(ort, folder, wholeLogits, 1, { halfPrecision: true });
    const visible = (row: number, column: number) => mask[row * ids.length + column] === 1;
    const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
    const select = ids.map((_, row) => row);
    const out = await forward.run([{ cache, ids, positions, visible, select }], {});
    await forward.release();
    const logits = out.logits.data as Float32Array;
    assert.equal(logits.length, expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    const difference = Math.max(...logits.map((logit, i) => Math.abs(logit - expected[i])));
    assert.ok(difference > 0 && difference < 0.01 * largest, `${difference} of ${largest}`);
  });
}
