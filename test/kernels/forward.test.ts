import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { grouped } from '../../kernels/attention/grouped.ts';
import { resident } from '../../kernels/attention/resident.ts';
import { buildForward } from '../../kernels/forward.ts';
import { bestTokens, wholeLogits } from '../../kernels/head.ts';
import { fp32 } from '../../kernels/linear/fp32.ts';
import { embed, embedOnProcessor } from '../../kernels/linear/stored.ts';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { ModelProto } from '../../kernels/onnx/schema.ts';
import { serialize } from '../../kernels/onnx/serialize.ts';
import { DevicePast } from '../../server/engine/device-past.ts';
import { loadOrt, openSession, tensors } from '../../server/engine/ort.ts';
import { OrtCache, OrtCacheMemory } from '../../server/engine/ort-cache.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { OrtForward } from '../../server/engine/ort-forward.ts';
import { RowFeeds } from '../../server/engine/row-feeds.ts';
import { verifyForward } from '../../server/engine/verify.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');
const SHAPES = ['llama-tied-window', 'qwen2-full-bias', 'qwen3-sdar-block4', 'qwen3-sdar-train-layout'];

for (const name of SHAPES) {
  test(`the forward graph gives the golden logits of ${name}`, async () => {
    const folder = await openModel(path.join(FIXTURES, name));
    const golden = readSafetensors(path.join(folder.dir, 'golden.safetensors'));
    const agreement = await verifyForward(
      folder,
      {
        ids: [...golden.get('input_ids')!],
        positions: [...golden.get('position_ids')!],
        mask: golden.get('mask')!,
        logits: Float32Array.from(golden.get('logits')!),
      },
      1,
    );
    assert.ok(agreement.maxAbsLogit < 1e-4, `${agreement.maxAbsLogit}`);
    assert.equal(agreement.top1Agreement, 1);
  });
}

const ROPES: DenoiserSpec['rope'][] = [
  { type: 'linear', theta: 10000, factor: 4 },
  { type: 'llama3', theta: 10000, factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 32 },
];

for (const rope of ROPES) {
  test(`the forward graph rotates as the naive forward does: ${rope.type}`, async () => {
    const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
    const spec = { ...folder.spec, rope };
    const weights = readSafetensors(path.join(folder.dir, 'model.safetensors'));
    const ids = Array.from({ length: 12 }, (_, i) => 5 + 11 * i);
    const positions = ids.map((_, i) => 3 * i);
    const visible = (row: number, column: number) => column <= row;
    const expected = naiveForward(spec, (weight) => weights.get(weight)!, { ids, positions, visible });
    const mask = ids.flatMap((_, row) => ids.map((_, column) => (visible(row, column) ? 1 : 0)));
    const golden = { ids, positions, mask, logits: Float32Array.from(expected.logits) };
    assert.ok((await verifyForward({ ...folder, spec }, golden, 1)).maxAbsLogit < 1e-4);
  });
}

test('best tokens are those of the whole logits, without the suppressed ones', async () => {
  const folder = await openModel(path.join(FIXTURES, 'qwen2-full-bias'));
  const suppressed = [3, 77, 120];
  const spec = { ...folder.spec, suppressedTokenIds: suppressed };
  const weights = readSafetensors(path.join(folder.dir, 'model.safetensors'));
  const ids = [1, 30, 99];
  const rows = { ids, positions: [0, 1, 2], visible: (row: number, column: number) => column <= row };
  const naive = naiveForward(spec, (weight) => weights.get(weight)!, rows);
  const denoiser = await OrtDenoiser.open(await loadOrt(), { ...folder, spec }, 1);
  const cache = denoiser.newCache();
  const result = await denoiser.forward({
    cache,
    ...rows,
    select: [0, 2],
    topK: 5,
    hidden: true,
    entropy: true,
  });
  [0, 2].forEach((row, i) => {
    const logits = [...naive.logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
    const allowed = logits.map((logit, id) => ({ id, logit })).filter(({ id }) => !suppressed.includes(id));
    const best = allowed.toSorted((a, b) => b.logit - a.logit).slice(0, 5);
    assert.deepEqual(
      [...result.topIds.subarray(i * 5, (i + 1) * 5)],
      best.map(({ id }) => id),
    );
    near(
      result.topLogits.subarray(i * 5, (i + 1) * 5),
      best.map(({ logit }) => logit),
      1e-4,
    );
    near(
      [result.logSumExp[i]],
      [Math.log(allowed.reduce((sum, { logit }) => sum + Math.exp(logit), 0))],
      1e-4,
    );
    const logSumExp = result.logSumExp[i];
    near(
      [result.entropy![i]],
      [allowed.reduce((sum, { logit }) => sum + Math.exp(logit - logSumExp) * (logSumExp - logit), 0)],
      1e-4,
    );
    const { hiddenSize } = spec;
    near(
      result.hidden!.subarray(i * hiddenSize, (i + 1) * hiddenSize),
      naive.hidden.subarray(row * hiddenSize, (row + 1) * hiddenSize),
      1e-4,
    );
  });
  await denoiser.release();
});

test('rows fed in pieces over a cache, past its growth and after a roll-back, equal one forward', async () => {
  const folder = await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
  const ort = await loadOrt();
  const forward = await OrtForward.open(ort, folder, wholeLogits, 1);
  const ids = Array.from({ length: 150 }, (_, i) => (i * 37) % folder.spec.vocabSize);
  const run = (cache: OrtCache, start: number, end: number, tokens = ids) =>
    forward.run(
      [
        {
          cache,
          ids: tokens.slice(start, end),
          positions: tokens.slice(start, end).map((_, i) => start + i),
          visible: (row, column) => column <= start + row,
          select: [end - start - 1],
        },
      ],
      {},
    );
  const whole = await run(new OrtCache(new OrtCacheMemory(ort, folder.spec)), 0, 150);
  const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
  for (const [start, end] of [
    [0, 60],
    [60, 61],
    [61, 140],
  ]) {
    const piece = await run(cache, start, end);
    cache.append(piece.keys_values.data as Float32Array, end - start, 0, ids.slice(start, end), end - start);
  }
  // Another continuation is committed and taken back.
  const wrong = ids.map((id) => (id + 1) % folder.spec.vocabSize);
  const other = await run(cache, 140, 145, wrong);
  cache.append(other.keys_values.data as Float32Array, 5, 0, wrong.slice(140, 145), 3);
  cache.truncate(140);
  assert.equal(cache.length, 140);
  const last = await run(cache, 140, 150);
  near(last.logits.data as Float32Array, whole.logits.data as Float32Array, 1e-4);
  await forward.release();
});

for (const name of ['llama-tied-window', 'qwen3-sdar-block4']) {
  test(`the past that a forward of ${name} returns serves the next one, whatever lies behind its columns`, async () => {
    const folder = await openModel(path.join(FIXTURES, name));
    const ort = await loadOrt();
    const ids = Array.from({ length: 20 }, (_, i) => (i * 37) % folder.spec.vocabSize);
    const rows = (first: number, count: number) => ({
      ids: ids.slice(first, first + count),
      positions: ids.slice(first, first + count).map((_, i) => first + i),
      visible: (row: number, column: number) => column <= first + row,
    });
    const weights = readSafetensors(path.join(folder.dir, 'model.safetensors'));
    const whole = naiveForward(folder.spec, (weight) => weights.get(weight)!, rows(0, 20));
    const options = { precision: fp32, headPrecision: fp32, embed, attention: resident, head: wholeLogits };
    const session = await openSession(ort, buildForward(folder.spec, folder.weights, options), folder.dir, 1);
    const feeds = new RowFeeds(ort, folder.spec);
    const past = new DevicePast(folder.spec.layers);
    const cache = new OrtCache(new OrtCacheMemory(ort, folder.spec));
    const { i64 } = tensors(ort);
    const run = async (first: number, count: number, select: number[]) => {
      const fed = rows(first, count);
      const made = { ...feeds.make([{ cache, ...fed }]), ...past.feeds(cache) };
      const out = await session.run({ ...made, ids: i64(fed.ids), select: i64(select) });
      past.take(cache, out);
      return out;
    };
    // The second forward leaves its rows behind the ten columns that the first one has settled.
    const first = await run(0, 12, [11]);
    cache.append(first.keys_values.data as Float32Array, 12, 0, ids, 10);
    await run(10, 8, [0]);
    cache.truncate(9);
    assert.deepEqual(Object.keys(past.feeds(cache)).length, 2 * folder.spec.layers);
    const last = await run(9, 11, [0, 10]);
    const row = (index: number) =>
      whole.logits.subarray(index * folder.spec.vocabSize).subarray(0, folder.spec.vocabSize);
    near(last.logits.data as Float32Array, [...row(9), ...row(19)], 1e-4);
    await session.release();
  });
}

test('an embedding for the processor marks the nodes that read the table, and no other', async () => {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const options = { precision: fp32, headPrecision: fp32, attention: resident, head: wholeLogits };
  const graph = buildForward(folder.spec, folder.weights, { ...options, embed: embedOnProcessor });
  assert.deepEqual(graph.onProcessor, [graph.nodes.find(({ inputs }) => inputs.includes('ids'))]);
});

test('a graph refers to the weights where they lie and carries none of them', async () => {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const options = { precision: fp32, headPrecision: fp32, embed, attention: grouped, head: bestTokens([]) };
  const bytes = serialize(buildForward(folder.spec, folder.weights, options));
  const model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
  const external = model.graph.initializer.filter(
    (tensor: { dataLocation?: number }) => tensor.dataLocation === 1,
  );
  assert.ok(external.length > 30);
  const carried = model.graph.initializer.filter((tensor: { rawData?: Uint8Array }) => tensor.rawData);
  for (const tensor of carried) assert.ok(tensor.rawData.length < 1024, tensor.name);
});

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `${i}: ${actual[i]} is not ${expected[i]}`);
  }
}
