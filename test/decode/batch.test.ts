import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeBatch } from '../../server/decode/batch.ts';
import { type DecodedTrajectory, decode } from '../../server/decode/decode.ts';
import type { BatchDenoiser, Denoiser } from '../../server/decode/denoiser.ts';
import { oneByOne } from '../../server/decode/naive-denoiser.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtBatch } from '../../server/engine/ort-batch.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');
const HOOKS = { cancelled: () => false, candidates: 0 };

/** Samples of a few prompts, several of each in a row. */
function jobs(vocabulary: number, settings: Partial<DecodeSettings>) {
  const random = testRandom(3);
  return [5, 9, 2].flatMap((length, prompt) => {
    const promptIds = Array.from({ length }, () => Math.floor(random() * vocabulary));
    return Array.from({ length: 5 }, (_, sample) => ({
      promptIds,
      settings: { ...settings, seed: 100 * prompt + sample },
    }));
  });
}

/** What does not depend on the clock, nor on what was in the cache. */
function essence({ ms: _, steps, cachedTokens: __, forwards, ...rest }: DecodedTrajectory) {
  const { prefill: ___, ...calls } = forwards;
  return { ...rest, calls, steps: steps.map(({ milliseconds: ____, ...step }) => step) };
}

async function equalsAlone(batch: BatchDenoiser, alone: Denoiser, settings: Partial<DecodeSettings>) {
  const all = jobs(alone.spec.vocabSize, settings);
  const together = await decodeBatch(batch, LETTERS, all, 4, HOOKS);
  for (const [i, { promptIds, settings }] of all.entries()) {
    const cache = alone.newCache();
    const expected = await decode(alone, LETTERS, cache, promptIds, settings, HOOKS);
    assert.deepEqual(essence(together[i]), essence(expected), `sample ${i}`);
  }
  return together;
}

const DECODINGS: [string, Partial<DenoiserSpec>, Partial<DecodeSettings>][] = [
  ['ar', {}, { mode: 'ar' }],
  ['threshold', {}, { mode: 'threshold' }],
  ['verified', {}, { mode: 'verified' }],
  ['shifted blocks', { cleanAttention: 'block', blockSize: 4, subBlockSize: 2 }, {}],
  ['full attention', { cleanAttention: 'full' }, { window: 3, cache: 'dual' }],
];

for (const [name, overrides, decoding] of DECODINGS) {
  test(`a sample of a batch is that of its job alone: ${name}`, async () => {
    const denoiser = tinyDenoiser(tinySpec(overrides), 7, 4);
    const settings = { ...decoding, temperature: 1, maxTokens: 9, threshold: 0.4 };
    const together = await equalsAlone(oneByOne(denoiser), denoiser, settings);
    const texts = new Set(together.slice(0, 5).map(({ text }) => text));
    assert.ok(texts.size > 1, 'samples of a prompt differ');
  });
}

interface Model {
  name: string;
  fixture: string;
  quantize: 'none' | 'int8';
  modes: DecodeSettings['mode'][];
}

const MODELS: Model[] = [
  { name: 'fp32', fixture: 'llama-tied-window', quantize: 'none', modes: ['ar', 'threshold', 'verified'] },
  { name: 'int8', fixture: 'llama-tied-window', quantize: 'int8', modes: ['threshold', 'verified'] },
  { name: 'blocks', fixture: 'qwen3-sdar-block4', quantize: 'none', modes: ['threshold'] },
];

for (const { name, fixture, quantize, modes } of MODELS) {
  test(`a batch on ONNX Runtime gives every sample bit by bit what it would be alone: ${name}`, async (t) => {
    const folder = await model(t, fixture, quantize);
    const ort = await loadOrt();
    const batch = await OrtBatch.open(ort, folder, 1);
    const alone = await OrtDenoiser.open(ort, folder, 1);
    for (const mode of modes) {
      await equalsAlone(batch, alone, { mode, temperature: 1, maxTokens: 12, threshold: 0.02 });
    }
    await batch.release();
    await alone.release();
  });
}

test('a cancelled batch ends, and one whose forwards fail rejects', async () => {
  const denoiser = tinyDenoiser(tinySpec(), 7);
  let forwards = 0;
  const counting: BatchDenoiser = {
    ...oneByOne(denoiser),
    async forward(requests) {
      forwards++;
      if (forwards === 6) throw new Error('no more');
      return oneByOne(denoiser).forward(requests);
    },
  };
  const all = jobs(9, { mode: 'ar', maxTokens: 30, temperature: 1, stopStrings: [] });
  const stopped = await decodeBatch(counting, LETTERS, all, 4, {
    ...HOOKS,
    cancelled: () => forwards === 4,
  });
  assert.equal(forwards, 4);
  assert.deepEqual([...new Set(stopped.map(({ stop }) => stop))], ['cancelled']);
  await assert.rejects(decodeBatch(counting, LETTERS, all, 4, HOOKS), /no more/);
});

async function model(t: TestContext, fixture: string, quantize: 'none' | 'int8') {
  const source = path.join(FIXTURES, fixture);
  const dir = quantize === 'none' ? source : path.join(temporaryFolder(t), 'int8');
  if (quantize === 'int8') await importModel(source, dir, { quantize });
  const folder = await openModel(dir);
  if (folder.spec.cleanAttention === 'block') return folder;
  const spec = { ...folder.spec, maskTokenId: 7, suppressedTokenIds: [7], stopTokenIds: [3], blockSize: 6 };
  return { ...folder, spec };
}
