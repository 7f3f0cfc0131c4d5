import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promptRows } from '../../server/decode/rows.ts';
import { loadModel } from '../../server/engine/load.ts';
import { fastest, type Times } from '../../server/engine/measurements.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { plainly } from '../../server/engine/running.ts';
import { threadCandidates } from '../../server/engine/threads.ts';
import { measureModel } from '../../server/engine/tune.ts';
import { timeActivations } from '../../server/engine/tune-activations.ts';
import { timeWindowChances, timeWindows, windowCandidates } from '../../server/engine/tune-windows.ts';
import { rememberedMeasurements, tuneModel } from '../../server/engine/tuning.ts';
import { WarmModel } from '../../server/engine/warm-model.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { tinySpec } from '../support/tiny-model.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

test('the first choice is taken that none after it is clearly faster than', () => {
  const choose = (...times: [number, number][]) => fastest(times);
  assert.equal(choose([1, 10], [2, 9.8], [4, 9.7]), 1);
  assert.equal(choose([1, 10], [2, 6], [4, 5.9]), 2);
  assert.equal(choose([2, 6], [4, 5], [8, 9]), 4);
  assert.equal(choose([4, 10], [3, 9.9], [6, 9]), 6);
  assert.equal(choose(), undefined);
});

test('numbers of threads are tried around the usual one, up to the cores there are', () => {
  assert.deepEqual(threadCandidates(1), [1]);
  assert.deepEqual(threadCandidates(2), [1, 2]);
  assert.deepEqual(threadCandidates(4), [2, 3, 4]);
  assert.deepEqual(threadCandidates(8), [2, 4, 8]);
  assert.deepEqual(threadCandidates(32), [4, 8, 16]);
});

test('windows are tried from the usual one to the block of the model, if it decodes verified', () => {
  assert.deepEqual(windowCandidates(tinySpec({ blockSize: 6 })), [3, 4, 5, 6]);
  assert.deepEqual(windowCandidates(tinySpec({ blockSize: 16 })), [3, 4, 5, 6, 8, 12, 16]);
  assert.deepEqual(windowCandidates(tinySpec({ blockSize: 2 })), [2]);
  assert.deepEqual(windowCandidates(tinySpec({ cleanAttention: 'block', logitShift: 0 })), []);
  assert.deepEqual(windowCandidates(tinySpec({ maskTokenId: undefined })), []);
});

test('all that can be chosen for a model is measured', async (t) => {
  const dir = path.join(temporaryFolder(t), 'tiny');
  writeTinyModel(dir);
  const { threads, activations } = await measureModel(dir, plainly('cpu'));
  const model = await loadModel({ modelDir: dir, device: 'cpu', threads: 1, storageDir: dir }, () => {});
  const windows = await timeWindows(model.denoiser, model.tokenizer);
  const chances = await timeWindowChances(model.denoiser, model.tokenizer, 3);
  await model.release();
  const choices = (times: Times<unknown>) => times.map(([choice]) => choice);
  assert.deepEqual(choices(threads), threadCandidates());
  assert.deepEqual(choices(windows), [3, 4]);
  assert.deepEqual(choices(chances), [0.35, 1, 0.2, 0.1, 0]);
  // A processor may get the other one wrong.
  assert.ok(
    choices(activations).length > 0 && choices(activations).every((type) => type === 'u8' || type === 's8'),
  );
  for (const [, milliseconds] of [...threads, ...activations, ...windows, ...chances])
    assert.ok(milliseconds > 0);
});

test('what was measured decides threads and window where nothing is asked for', async (t) => {
  const [storageDir, parent] = [temporaryFolder(t), temporaryFolder(t)];
  const dir = path.join(parent, 'tiny');
  writeTinyModel(dir);
  const weights = (await openModel(dir)).weightsHash;
  const script = path.join(parent, 'timing.cjs');
  writeFileSync(
    script,
    `console.log('{"threads": [[1, 9], [2, 5]], "activations": [["s8", 1]], "windows": [[3, 3], [4, 2]], "windowChances": [[0.35, 3], [0, 2]]}')`,
  );
  await tuneModel({ args: [script] }, storageDir, { dir, weights, device: 'cpu' });
  const open = (threads: number) =>
    WarmModel.open(loadModel, { modelDir: dir, device: 'cpu', threads, storageDir });
  const prompt = { prefix: 'def f(', suffix: '', fim: false, budget: 0 };
  const windows = async (model: WarmModel, settings: Partial<DecodeSettings>, adapt = true) => {
    const request = { prompt, settings: { maxTokens: 4, ...settings }, adapt, candidates: 0 };
    const { window, windowChance } = (await model.complete(request, { cancelled: () => false })).settings;
    return [window, windowChance];
  };
  const model = await open(0);
  assert.equal(model.ready.threads, 2);
  assert.deepEqual(await windows(model, {}), [4, 0]);
  assert.deepEqual(await windows(model, { window: 2, windowChance: 0.5 }), [2, 0.5]);
  assert.deepEqual(await windows(model, { mode: 'threshold' }), [4, undefined]);
  assert.deepEqual(await windows(model, {}, false), [3, 0.35]);
  await model.release();
  const asked = await open(1);
  assert.equal(asked.ready.threads, 1);
  await asked.release();
});

test('the integers of activations do not depend on their type', async (t) => {
  const dest = path.join(temporaryFolder(t), 'int8');
  const folder = await importModel(path.join(FIXTURES, 'gguf-llama'), dest, { quantize: 'int8' });
  const ort = await loadOrt();
  const ids = [1, 5, 3, 8];
  const logits = async (activations: 'u8' | 's8') => {
    const denoiser = await OrtDenoiser.open(ort, folder, 1, { activations });
    const rows = promptRows(folder.spec, 0, ids);
    const cache = denoiser.newCache();
    const result = await denoiser.forward({ cache, ...rows, select: [...ids.keys()], topK: 8 });
    await denoiser.release();
    return [...result.topLogits];
  };
  if ((await timeActivations(ort)).length < 2) t.skip('this processor gets one of them wrong');
  else assert.deepEqual(await logits('s8'), await logits('u8'));
});

test('what was measured is remembered by model, and a process that fails leaves nothing', async (t) => {
  const [storage, dir] = [temporaryFolder(t), temporaryFolder(t)];
  const script = path.join(dir, 'timing.cjs');
  writeFileSync(
    script,
    `console.log(JSON.stringify({ threads: process.argv[4] === 'fast' ? [[1, 2]] : [[1, 20], [2, 11]] }))`,
  );
  const model = (name: string) => ({ dir: name, weights: `hash of ${name}`, device: 'cpu' });
  await tuneModel({ args: [script] }, storage, model('fast'));
  await tuneModel({ args: [script] }, storage, model('slow'));
  const remembered = async (model: Parameters<typeof rememberedMeasurements>[1]) =>
    (await rememberedMeasurements(storage, model))?.threads;
  assert.deepEqual(await remembered(model('fast')), [[1, 2]]);
  assert.deepEqual(await remembered(model('slow')), [
    [1, 20],
    [2, 11],
  ]);
  assert.equal(await remembered({ ...model('slow'), device: 'webgpu' }), undefined);
  writeFileSync(script, 'process.exit(1)');
  assert.equal(await tuneModel({ args: [script] }, storage, model('other')), undefined);
  assert.equal(await remembered(model('other')), undefined);
  const abort = new AbortController();
  writeFileSync(script, 'setInterval(() => {}, 1000)');
  const stopped = tuneModel({ args: [script] }, storage, model('other'), abort.signal);
  abort.abort();
  await assert.rejects(stopped, { name: 'AbortError' });
});
