import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Io } from '../../server/commands/command.ts';
import { trainContinuations } from '../../server/commands/train-continuations.ts';
import { decode } from '../../server/decode/decode.ts';
import { loadModel } from '../../server/engine/load.ts';
import { UserError } from '../../server/errors.ts';
import { Corpus } from '../../server/train/data/corpus.ts';
import { Sampler, sampleRandom } from '../../server/train/data/sampler.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

test('continuations are what the model writes token by token, and come back from their file as samples', async (t) => {
  const dir = temporaryFolder(t);
  const model = path.join(dir, 'model');
  writeTinyModel(model);
  const data = path.join(dir, 'data.jsonl');
  writeFileSync(
    data,
    '{"text":"def f(a, b):\\n    return a * 2 + b\\n"}\n{"prompt":"x = ","completion":"1"}\n',
  );
  const out = path.join(dir, 'out.jsonl');
  const io: Io = { json: true, signal: new AbortController().signal, result: () => {}, note: () => {} };
  const options = { out, model, count: '6', 'max-tokens': '9', 'fim-share': '0', threads: '1' };
  await trainContinuations.run([data], options, io);

  const made = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(made.length, 6);
  const { denoiser, tokenizer, folder, release } = await loadModel(
    { modelDir: model, device: 'cpu', threads: 1 },
    () => {},
  );
  for (const { prompt_ids, completion_ids } of made) {
    const settings = { mode: 'ar', maxTokens: 9 } as const;
    const hooks = { cancelled: () => false, candidates: 0 };
    const alone = await decode(denoiser, tokenizer, denoiser.newCache(), prompt_ids, settings, hooks);
    assert.deepEqual(completion_ids, alone.responseIds);
  }
  await release();

  const shape = { sampleTokens: 64, fimShare: 0.5 };
  const sampler = new Sampler(await Corpus.open([out]), tokenizer, folder.spec, shape);
  const { ids, promptLength } = await sampler.sample(sampleRandom(1, 0));
  assert.ok(
    made.some(
      ({ prompt_ids, completion_ids }) =>
        prompt_ids.length === promptLength && String([...prompt_ids, ...completion_ids]) === String(ids),
    ),
  );
  writeFileSync(out, '{"prompt_ids":[1,2,3,4],"completion_ids":[999]}\n');
  const strange = new Sampler(await Corpus.open([out]), tokenizer, folder.spec, shape);
  await assert.rejects(strange.sample(sampleRandom(1, 0)), (error: Error) => {
    return error instanceof UserError && /token 999, but the model has 264/.test(error.message);
  });
});
