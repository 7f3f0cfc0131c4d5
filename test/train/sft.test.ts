import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { lockFolder } from '../../server/folder-lock.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import { hasCheckpoint } from '../../server/train/run/checkpoint.ts';
import { RunFolder } from '../../server/train/run/run-folder.ts';
import { resolveSettings, type SftSettings } from '../../server/train/settings.ts';
import { runSft, type StepProgress } from '../../server/train/sft.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { checkpoint, LINES, lab, train } from '../support/sft-lab.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

for (const [parameters, chainedWeight, cachedSamples] of [
  ['lora', 0, 0],
  ['full', 1, 0],
  ['none', 1, 0],
  ['none', 1, 5],
]) {
  const cached = cachedSamples ? ` over ${cachedSamples} samples` : '';
  const trained = `parameters ${parameters}${chainedWeight ? ', sampler head' : ''}${cached}`;
  test(`a run that is stopped and resumed ends bit-equal to one that is not: ${trained}`, async (t) => {
    const { dir, settings } = lab(t, { parameters, chainedWeight, cachedSamples });
    const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
    assert.equal((await train(whole, settings)).state.status, 'done');
    const parts = await RunFolder.create(path.join(dir, 'parts'), settings);
    const { state } = await train(parts, settings, 3);
    assert.deepEqual([state.status, state.step], ['stopped', 3]);
    const { steps } = await train(parts, resolveSettings(await parts.config(), 'config.json'));
    assert.deepEqual(
      steps.map(({ step }) => step),
      [4, 5, 6],
    );
    assert.deepEqual(
      checkpoint(parts, 6, 'trainer.safetensors'),
      checkpoint(whole, 6, 'trainer.safetensors'),
    );
    const [a, b] = [await parts.metrics(), await whole.metrics()];
    assert.deepEqual(
      a.map(({ step, loss }) => ({ step, loss })),
      b.map(({ step, loss }) => ({ step, loss })),
    );
    const trained = path.join(whole.dir, 'checkpoints', 'step-6');
    if (parameters === 'full') assert.equal((await openModel(trained)).spec.maskTokenId, 257);
    else assert.equal(existsSync(path.join(trained, 'adapter_config.json')), parameters === 'lora');
    if (chainedWeight) {
      // What is trained lies there as the model has it, so that it can take its place.
      const file = 'sampler_head.safetensors';
      const [before, after] = [settings.model, trained].map((one) => readSafetensors(path.join(one, file)));
      assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
      for (const [name, values] of after) assert.notDeepEqual(values, before.get(name));
    }
    assert.deepEqual(readdirSync(path.join(whole.dir, 'checkpoints')).sort(), ['step-2', 'step-4', 'step-6']);
  });
}

test('what a killed trainer leaves behind does not matter: half a checkpoint, half a line, a lock', async (t) => {
  const { dir, settings } = lab(t);
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const killed = await RunFolder.create(path.join(dir, 'killed'), settings);
  await train(killed, settings, 4);
  const partial = path.join(killed.dir, 'checkpoints', 'step-6.partial');
  mkdirSync(partial);
  writeFileSync(path.join(partial, 'trainer.safetensors'), 'half');
  writeFileSync(path.join(killed.dir, 'metrics.jsonl'), '{"step":5,"loss":1}\n{"step":6,"lo', { flag: 'a' });
  writeFileSync(path.join(killed.dir, 'lock'), '999999999');
  await killed.setState({ status: 'running', pid: 999999999, step: 5, steps: 6 });
  assert.equal((await train(killed, settings)).state.status, 'done');
  assert.deepEqual(checkpoint(killed, 6, 'trainer.safetensors'), checkpoint(whole, 6, 'trainer.safetensors'));
  assert.deepEqual(
    (await killed.metrics()).map(({ step }) => step),
    [1, 2, 3, 4, 5, 6],
  );
});

test('an objective that asks the model first resumes bit-equal too', async (t) => {
  const { dir, settings } = lab(t, { objective: 'student-forced', chainedWeight: 1 });
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const parts = await RunFolder.create(path.join(dir, 'parts'), settings);
  await train(parts, settings, 3);
  await train(parts, settings);
  assert.deepEqual(checkpoint(parts, 6, 'trainer.safetensors'), checkpoint(whole, 6, 'trainer.safetensors'));
});

test('adapters, special tokens and sampler head of a run become a model by import', async (t) => {
  const { dir, settings } = lab(t, { specialTokens: true, chainedWeight: 1 });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, settings);
  const trained = path.join(run.dir, 'checkpoints', 'step-6');
  const target = path.join(dir, 'made');
  const adapter = path.join(trained, 'adapter_model.safetensors');
  const model = await importModel(settings.model, target, { quantize: 'none', adapter });
  const head = 'sampler_head.safetensors';
  assert.deepEqual(readFileSync(path.join(target, head)), readFileSync(path.join(trained, head)));
  const [before, after] = await Promise.all(
    [await openModel(settings.model), model].map((one) => one.readTensor('model.embed_tokens.weight')),
  );
  const { hiddenSize, maskTokenId, vocabSize } = model.spec;
  for (let token = 0; token < vocabSize; token++) {
    const row = (table: Float32Array) => table.slice(token * hiddenSize, (token + 1) * hiddenSize);
    // Masks are in every sample; rows of texts stay as they were.
    if (token === maskTokenId) assert.notDeepEqual(row(after), row(before));
    else if (token < 256) assert.deepEqual(row(after), row(before));
  }
});

test('it learns: the loss of a small set of texts falls', async (t) => {
  const { dir, settings } = lab(t, { parameters: 'full', steps: 60, samplesPerStep: 4, checkpointEvery: 60 });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { steps } = await train(run, settings);
  const mean = (part: StepProgress[]) => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  assert.ok(mean(steps.slice(-5)) < 0.6 * mean(steps.slice(0, 5)), `${mean(steps.slice(-5))}`);
});

test('a second trainer is refused, and a request to stop is heard', async (t) => {
  const { dir, settings } = lab(t);
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await assert.rejects(RunFolder.create(run.dir, settings), UserError);
  const unlock = lockFolder(run.dir, String);
  await assert.rejects(train(run, settings), /is training in/);
  unlock();
  const state = await runSft(run, settings, new AbortController().signal, ({ step }) => {
    if (step === 2) writeFileSync(path.join(run.dir, 'stop'), '');
  });
  assert.deepEqual([state.status, state.step], ['stopped', 2]);
});

test('numbers that are not finite: steps are skipped, three in a row end the run without a checkpoint', async (t) => {
  const { dir, settings } = lab(t);
  rmSync(settings.model, { recursive: true });
  writeTinyModel(settings.model, (name, value) => (name === 'model.norm.weight' ? Number.NaN : value));
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const steps: StepProgress[] = [];
  const training = runSft(
    run,
    settings,
    new AbortController().signal,
    (progress) => void steps.push(progress),
  );
  await assert.rejects(training, /were not finite in 3 steps/);
  assert.deepEqual(
    steps.map(({ skipped }) => skipped),
    [true, true, true],
  );
  assert.equal((await run.state())?.status, 'failed');
  assert.equal(hasCheckpoint(run.dir), false);
});

test('what cannot be trained is refused in one sentence', async (t) => {
  const { dir, settings } = lab(t);
  const refused = async (changes: Partial<SftSettings>, reason: RegExp) => {
    const run = await RunFolder.create(path.join(temporaryFolder(t), 'run'), settings);
    await assert.rejects(train(run, { ...settings, ...changes }), (error: Error) => {
      assert.ok(error instanceof UserError, error.stack);
      assert.match(error.message, reason);
      return true;
    });
  };
  const empty = path.join(dir, 'empty');
  mkdirSync(empty);
  await refused({ data: [empty] }, /holds nothing to learn from/);
  await refused({ cachedSamples: 4 }, /cachedSamples is for a sampler head that is trained alone/);
  await refused({ data: [path.join(dir, 'none')] }, /cannot be read/);
  const broken = path.join(dir, 'broken.jsonl');
  writeFileSync(broken, '{"prompt": 1}\n');
  await refused({ data: [broken] }, /broken\.jsonl, line 1, has neither prompt and completion/);
  await refused({ parameters: 'none' }, /nothing is trained: with parameters none chainedWeight/);
  await refused({ objective: 'autoregressive', chainedWeight: 1 }, /does not train the sampler head/);
  await refused({ objective: 'sdar' }, /does not fit model: the clean rows of the model are not in blocks/);
  const given = { ...settings };
  assert.throws(
    () => resolveSettings({ ...given, learningRate: 1e3 }, 'F'),
    /F: learningRate is 1000 and must/,
  );
  assert.throws(() => resolveSettings({ ...given, lerningRate: 1 }, 'F'), /lerningRate is not a setting/);
  assert.throws(() => resolveSettings({ ...given, model: undefined }, 'F'), /model is missing and must be/);
});

test('a resume with other data is refused; data.json names every file with its hash', async (t) => {
  const { dir, settings } = lab(t);
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, settings, 2);
  const [file] = JSON.parse(readFileSync(path.join(run.dir, 'data.json'), 'utf8'));
  assert.deepEqual([file.file, file.count], [settings.data[0], LINES.length]);
  assert.equal(file.hash, createHash('sha256').update(readFileSync(settings.data[0])).digest('hex'));
  writeFileSync(settings.data[0], '\n{"text":"something else that is long enough"}', { flag: 'a' });
  await assert.rejects(train(run, settings), /the data of .* has changed/);
});

test('a resume with another tokenizer is refused', async (t) => {
  const { dir, settings } = lab(t);
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, settings, 2);
  const file = path.join(settings.model, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
  // The same written in another way is the same tokenizer.
  writeFileSync(file, JSON.stringify(tokenizer, null, 2));
  await train(run, settings, 3);
  tokenizer.model.merges = ['r e'];
  tokenizer.model.vocab = { ...tokenizer.model.vocab, re: 260 };
  writeFileSync(file, JSON.stringify(tokenizer));
  await assert.rejects(train(run, settings), /belongs to tokenizer [0-9a-f]{16}, but the model now has/);
});

test('a resume with other weights is refused', async (t) => {
  const { dir, settings } = lab(t);
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, settings, 2);
  const config = path.join(settings.model, 'config.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace('10000', '20000'));
  await assert.rejects(train(run, settings), /belongs to weights/);
});
