import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Command, type Io, UsageError, type Values } from '../../server/commands/command.ts';
import { modelImport } from '../../server/commands/model-import.ts';
import { modelInfo } from '../../server/commands/model-info.ts';
import { modelList } from '../../server/commands/model-list.ts';
import { copyOfFixture, editJson, FIXTURES, temporaryFolder } from '../support/model-files.ts';

/** Runs a command and returns its one result and its remarks. */
async function run(command: Command, args: string[], values: Values = {}) {
  const results: { text: string; value: unknown }[] = [];
  const notes: string[] = [];
  const io: Io = {
    json: true,
    signal: new AbortController().signal,
    result: (text, value) => results.push({ text, value }),
    note: (text) => notes.push(text),
  };
  await command.run(args, values, io);
  assert.equal(results.length, 1);
  return { text: results[0].text, value: results[0].value as Record<string, unknown>, notes };
}

test('model info gives family, parameters, bytes and spec', async () => {
  const { text, value } = await run(modelInfo, [path.join(FIXTURES, 'llama-tied-window')]);
  assert.equal(value.family, 'llama');
  assert.equal(value.parameters, 64_320);
  assert.equal(value.bytes, 4 * 64_320);
  assert.equal(value.tokens, null);
  assert.equal((value.spec as Record<string, unknown>).vocabSize, 157);
  assert.match(text, /autoregressive, with prompt lookup: the config names no mask token/);
  await assert.rejects(run(modelInfo, []), UsageError);
});

/** Lets `model list` see one more folder of models. */
function withModels(t: TestContext, dir: string): void {
  const before = process.env.UNMASK_MODELS;
  process.env.UNMASK_MODELS = dir;
  t.after(() => {
    if (before === undefined) delete process.env.UNMASK_MODELS;
    else process.env.UNMASK_MODELS = before;
  });
}

test("model list names the embedded model and the user's, also those that cannot be used", async (t) => {
  const broken = copyOfFixture(t, 'qwen3-sdar-block4');
  editJson(path.join(broken, 'config.json'), { vocab_size: 12 });
  withModels(t, path.dirname(broken));
  const { text, value } = await run(modelList, []);
  const models = value.models as Record<string, unknown>[];
  const named = (name: string) => models.find((model) => model.name === name);
  assert.match(String(named('qwen3-sdar-block4')?.error), /config\.json asks for \[12, 48\]/);
  assert.equal(named('unmask-135m')?.quantization, 'int8');
  assert.match(text, /qwen3-sdar-block4 {2}cannot be used: /);
});

test('model import makes a folder and reports its way', async (t) => {
  const dest = path.join(temporaryFolder(t), 'new');
  const source = path.join(FIXTURES, 'llama-tied-window');
  const { value, notes } = await run(modelImport, [source, dest], { quantize: 'int8' });
  assert.equal(value.quantization, 'int8');
  assert.equal(value.dir, dest);
  assert.equal(notes.at(-1), '100 % of the weights written');
  assert.ok(notes.length <= 10);
  await assert.rejects(run(modelImport, [source, dest], { quantize: 'int2' }), UsageError);
  await assert.rejects(run(modelImport, [source], { quantize: 'int8' }), UsageError);
});
