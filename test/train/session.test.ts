import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { adapterNames } from '../../kernels/training/parameters.ts';
import { importModel } from '../../server/models/import.ts';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { openModel } from '../../server/models/registry.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import type { TrainingBatch } from '../../server/train/feeds.ts';
import { newGradients } from '../../server/train/gradients.ts';
import { multiply, transpose } from '../../server/train/matrix.ts';
import { TrainingSession, type TrainingSessionOptions } from '../../server/train/session.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const IDS = [5, 17, 3, 99, 140, 8, 8, 61, 30, 2];
const BATCH: TrainingBatch = {
  ids: IDS,
  positions: IDS.map((_, i) => i),
  visible: (row, column) => column <= row,
  select: [2, 5, 9],
  target: [99, 8, 77],
  weight: [0.5, 1, 0.25],
};
const RANK = 3;
const MODULES = [
  'model.layers.0.self_attn.q_proj',
  'model.layers.1.self_attn.v_proj',
  'model.layers.2.mlp.down_proj',
];
const ADAPTERS = { rank: RANK, alpha: 6, modules: new Set(MODULES) };
const SCALE = 2;

async function int8Fixture(t: TestContext): Promise<ModelFolder> {
  const dir = path.join(temporaryFolder(t), 'int8');
  await importModel(path.join(FIXTURES, 'qwen3-sdar-block4'), dir, { quantize: 'int8' });
  return openModel(dir);
}

for (const stored of ['fp32', 'int8'] as const) {
  test(`gradients of adapters follow from those of the merged weights: ${stored} base`, async (t) => {
    const folder =
      stored === 'int8' ? await int8Fixture(t) : await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
    const adapted = await TrainingSession.open(folder, { tensors: new Set(), adapters: ADAPTERS }, 1);
    const random = testRandom(11);
    const adapters = new Map(
      adapted.parameters.map(({ name, dims }) => [
        name,
        Float32Array.from({ length: dims[0] * dims[1] }, () => (random() - 0.5) / 4),
      ]),
    );
    const low = await adapted.run(BATCH, adapters);
    await adapted.release();

    const names = [...expectedWeights(folder.spec).keys()];
    const merged = new Map<string, Float32Array>();
    for (const name of names) merged.set(name, await folder.readTensor(name));
    for (const module of MODULES) {
      const { a, b } = adapterNames(module);
      const weight = merged.get(`${module}.weight`)!;
      const [out, into] = folder.weights.get(`${module}.weight`)!.dims;
      const product = multiply(adapters.get(b)!, adapters.get(a)!, out, RANK, into);
      for (let i = 0; i < weight.length; i++) weight[i] += SCALE * product[i];
    }
    const whole = await TrainingSession.open(folder, { tensors: new Set(names) }, 1);
    const dense = await whole.run(BATCH, merged);
    await whole.release();

    near([low.loss], [dense.loss], 1e-5);
    for (const module of MODULES) {
      const { a, b } = adapterNames(module);
      const [out, into] = folder.weights.get(`${module}.weight`)!.dims;
      const dW = dense.gradients.get(`${module}.weight`)!.map((value) => SCALE * value);
      const dA = multiply(transpose(adapters.get(b)!, out, RANK), dW, RANK, out, into);
      const dB = multiply(dW, transpose(adapters.get(a)!, RANK, into), out, into, RANK);
      near(low.gradients.get(a)!, dA, 1e-4);
      near(low.gradients.get(b)!, dB, 1e-4);
    }
  });
}

test('with the engine’s products the loss and the gradients of adapters are nearly the same, computed again too', async (t) => {
  const folder = await int8Fixture(t);
  const plan = { tensors: new Set<string>(), adapters: ADAPTERS };
  const random = testRandom(12);
  let values: Map<string, Float32Array> | undefined;
  const run = async (options: TrainingSessionOptions) => {
    const session = await TrainingSession.open(folder, plan, 1, options);
    values ??= new Map(
      session.parameters.map(({ name, dims }) => [
        name,
        Float32Array.from({ length: dims[0] * dims[1] }, () => (random() - 0.5) / 4),
      ]),
    );
    const result = await session.run(BATCH, values);
    await session.release();
    return result;
  };
  const exact = await run({});
  const rounded = await run({ engineProducts: true });
  near([rounded.loss], [exact.loss], 0.01);
  assert.notEqual(rounded.loss, exact.loss);
  for (const [name, gradient] of rounded.gradients) {
    assert.ok(cosine(gradient, exact.gradients.get(name)!) > 0.99, name);
  }
  assert.deepEqual(await run({ engineProducts: true, recompute: true }), rounded);
});

test('the engine’s products of a model that is not quantised are refused', async () => {
  const folder = await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
  const plan = { tensors: new Set<string>(), adapters: ADAPTERS };
  await assert.rejects(
    TrainingSession.open(folder, plan, 1, { engineProducts: true }),
    /is not quantised: without that engineProducts must be false\.$/,
  );
});

test('layers computed again give the same loss and gradients, bit by bit', async () => {
  const folder = await openModel(path.join(FIXTURES, 'qwen2-full-bias'));
  const plan = { tensors: new Set(expectedWeights(folder.spec).keys()) };
  const values = new Map<string, Float32Array>();
  for (const name of plan.tensors) values.set(name, await folder.readTensor(name));
  const [kept, again] = await Promise.all(
    [false, true].map(async (recompute) => {
      const session = await TrainingSession.open(folder, plan, 1, { recompute });
      const result = await session.run(BATCH, values);
      await session.release();
      return result;
    }),
  );
  assert.equal(again.loss, kept.loss);
  assert.deepEqual(again.gradients, kept.gradients);
});

test('gradients are written into the arrays that are given, whatever was there', async () => {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const plan = { tensors: new Set(expectedWeights(folder.spec).keys()) };
  const values = new Map<string, Float32Array>();
  for (const name of plan.tensors) values.set(name, await folder.readTensor(name));
  const session = await TrainingSession.open(folder, plan, 1);
  const fresh = await session.run(BATCH, values);
  const room = newGradients(session.parameters);
  for (const array of room.values()) array.fill(Number.NaN);
  const { gradients } = await session.run(BATCH, values, room);
  await session.release();
  assert.equal(gradients, room);
  assert.deepEqual(gradients, fresh.gradients);
});

for (const cut of [5, 2]) {
  test(`rows of several samples in one batch have the gradients of each alone, added up: ${cut} and ${IDS.length - cut}`, async () => {
    const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
    const plan = { tensors: new Set(['model.norm.weight', 'model.layers.1.mlp.up_proj.weight']) };
    const values = new Map<string, Float32Array>();
    for (const name of plan.tensors) values.set(name, await folder.readTensor(name));
    const session = await TrainingSession.open(folder, plan, 1);
    const alone = (start: number, end: number): TrainingBatch => ({
      ids: IDS.slice(start, end),
      positions: IDS.slice(start, end).map((_, i) => i),
      visible: (row, column) => column <= row,
      select: [0, end - start - 1],
      target: [IDS[start], IDS[start + 1]],
      weight: [1, 0.5],
    });
    const results = [
      await session.run(alone(0, cut), values),
      await session.run(alone(cut, IDS.length), values),
    ];
    const both = await session.run(
      {
        ids: IDS,
        positions: IDS.map((_, i) => (i < cut ? i : i - cut)),
        visible: (row, column) => column <= row && row < cut === column < cut,
        select: [0, cut - 1, cut, IDS.length - 1],
        target: [IDS[0], IDS[1], IDS[cut], IDS[cut + 1]],
        weight: [1, 0.5, 1, 0.5],
      },
      values,
    );
    await session.release();
    near([both.loss], [results[0].loss + results[1].loss], 1e-5);
    for (const [name, gradient] of both.gradients) {
      const [first, second] = results.map(({ gradients }) => gradients.get(name)!);
      near(
        gradient,
        first.map((value, i) => value + second[i]),
        1e-4,
      );
    }
  });
}

/** Differences of at most `tolerance` of the largest expected number. */
function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance * largest,
      `${i}: ${actual[i]} is not ${expected[i]}`,
    );
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}
