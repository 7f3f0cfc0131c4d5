import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dequantize, GGML_TYPES } from '../../server/models/ggml-types.ts';
import { openGguf } from '../../server/models/gguf.ts';
import { readSpec } from '../../server/models/read-spec.ts';
import { copyOfFixture, FIXTURES } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

const FOLDER = path.join(FIXTURES, 'gguf-llama');
const CONFIG = JSON.parse(readFileSync(path.join(FOLDER, 'config.json'), 'utf8'));
const SPEC = readSpec('config.json', CONFIG);

/** Random blocks and what the gguf package of llama.cpp makes of them. */
const BLOCKS: Record<string, { bytes: string; values: number[] }> = JSON.parse(
  readFileSync(path.join(FOLDER, 'blocks.json'), 'utf8'),
);

for (const type of GGML_TYPES.values()) {
  test(`${type.name} is dequantised as llama.cpp does`, () => {
    const { bytes, values } = BLOCKS[type.name];
    const found = dequantize(type, Buffer.from(bytes, 'hex'));
    assert.equal(found.length, values.length);
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs(found[i] - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${i}`);
    }
  });
}

test('a Llama file gives the weights it was made of, under their names and in their row order', async () => {
  const source = await openGguf(path.join(FOLDER, 'tiny.gguf'), SPEC);
  const expected = readSafetensors(path.join(FOLDER, 'expected.safetensors'));
  assert.deepEqual([...source.keys()].sort(), [...expected.keys()].sort());
  for (const [name, values] of expected) {
    const found = await source.get(name)!.read();
    for (const [i, value] of values.entries()) assert.ok(Math.abs(found[i] - value) < 1e-5, `${name} ${i}`);
  }
});

test('a file that does not fit its config is refused', async () => {
  const file = path.join(FOLDER, 'tiny.gguf');
  const refused = (changes: object, message: RegExp) =>
    assert.rejects(openGguf(file, readSpec('config.json', { ...CONFIG, ...changes })), {
      name: 'UserError',
      message,
    });
  await refused({ model_type: 'qwen2' }, /holds a llama model, but config\.json describes a qwen2 model/);
  await refused({ num_hidden_layers: 2 }, /weight model\.layers\.1\.\S+ is missing/);
  await refused({ vocab_size: 63 }, /has shape \[64, 32\], config\.json asks for \[63, 32\]/);
});

test('damaged files are refused', async (t) => {
  const file = path.join(copyOfFixture(t, 'gguf-llama'), 'tiny.gguf');
  const whole = readFileSync(file);
  const refused = (message: RegExp) => assert.rejects(openGguf(file, SPEC), { name: 'UserError', message });
  truncateSync(file, whole.length - 100);
  await refused(/truncated: tensor \S+ ends at byte/);
  truncateSync(file, 100);
  await refused(/not a readable GGUF file/);
  truncateSync(file, 0);
  await refused(/not a readable GGUF file/);
  writeFileSync(file, 'not a model, but long enough to hold a magic number');
  await refused(/not a readable GGUF file/);
  const unknown = Buffer.from(whole);
  // After the name, the number of dimensions and two dimensions comes the type; 16 is IQ2_XXS.
  const name = unknown.indexOf('token_embd.weight');
  unknown.writeUInt32LE(16, name + 'token_embd.weight'.length + 4 + 16);
  writeFileSync(file, unknown);
  await refused(/token_embd\.weight has ggml type 16; supported are F32, F16, Q4_0/);
});
