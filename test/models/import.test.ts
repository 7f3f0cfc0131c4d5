import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { importModel } from '../../server/models/import.ts';
import { quantizeRows } from '../../server/models/quantize.ts';
import { openModel } from '../../server/models/registry.ts';
import { rotateWeights } from '../../server/models/rotate.ts';
import { openWeightSource } from '../../server/models/weight-source.ts';
import { copyOfFixture, editJson, FIXTURES, temporaryFolder, writeFloats } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

test('rows are rounded to the nearest of 255 steps of their own size', () => {
  const random = testRandom(1);
  const values = Float32Array.from({ length: 4 * 50 }, (_, i) => (random() - 0.5) * 10 ** Math.floor(i / 50));
  values.fill(0, 150);
  const { integers, scales } = quantizeRows(values, 4);
  for (let row = 0; row < 4; row++) {
    const own = values.subarray(row * 50, (row + 1) * 50);
    const largest = Math.max(...own.map(Math.abs));
    if (largest > 0) assert.equal(scales[row], Math.fround(largest / 127));
    for (const [i, value] of own.entries()) {
      const restored = integers[row * 50 + i] * scales[row];
      assert.ok(Math.abs(restored - value) <= scales[row] * 0.5001, `${row} ${i}`);
    }
  }
  assert.deepEqual([...integers.subarray(150)], new Array(50).fill(0));
});

test('an import without rounding keeps half-precision weights byte by byte', async (t) => {
  const dest = path.join(temporaryFolder(t), 'copy');
  const source = path.join(FIXTURES, 'qwen2-full-bias');
  const model = await importModel(source, dest, { quantize: 'none' });
  const [before, after] = [source, dest].map((dir) => readSafetensors(path.join(dir, 'model.safetensors')));
  assert.deepEqual(new Map([...after].sort()), new Map([...before].sort()));
  assert.equal(model.bytes, (await openModel(source)).bytes);
  assert.equal(model.weights.get('model.norm.weight')?.dtype, 'F16');
});

test('int8 rotates the network, keeps norms and biases in fp32, rounds every matrix and says so', async (t) => {
  const dest = path.join(temporaryFolder(t), 'int8');
  const source = path.join(FIXTURES, 'qwen2-full-bias');
  const { spec } = await openModel(source);
  const rotated = rotateWeights(await openWeightSource(source, spec), spec);
  const model = await importModel(source, dest, { quantize: 'int8' });
  assert.equal(model.quantization, 'int8');
  const config = JSON.parse(readFileSync(path.join(dest, 'config.json'), 'utf8'));
  assert.equal(config.quantization_config.quant_method, 'compressed-tensors');
  assert.equal(config.tie_word_embeddings, false);
  assert.match(readFileSync(path.join(dest, 'README.md'), 'utf8'), /rotated by fixed orthogonal matrices/);
  for (const [name, weight] of rotated) {
    const { dtype, dims } = model.weights.get(name)!;
    const [found, values] = [await model.readTensor(name), await weight.read()];
    if (dims.length === 1) {
      assert.notEqual(dtype, 'I8');
      assert.deepEqual(found, values);
      continue;
    }
    assert.equal(dtype, 'I8');
    const columns = dims[1];
    for (const [i, value] of values.entries()) {
      const row = values.subarray(Math.floor(i / columns) * columns, (Math.floor(i / columns) + 1) * columns);
      const step = Math.max(...row.map(Math.abs)) / 127;
      assert.ok(Math.abs(found[i] - value) <= step * 0.501, `${name} ${i}`);
    }
  }
  const again = await importModel(dest, `${dest}-again`, { quantize: 'none' });
  assert.equal(again.quantization, 'none');
  const name = 'model.layers.0.mlp.up_proj.weight';
  assert.deepEqual(await again.readTensor(name), await model.readTensor(name));
});

test('weights, tokenizer and licence are found in their subfolders', async (t) => {
  const source = copyOfFixture(t, 'gguf-llama');
  mkdirSync(path.join(source, 'base'));
  mkdirSync(path.join(source, 'tokenizer'));
  renameSync(path.join(source, 'tiny.gguf'), path.join(source, 'base', 'tiny.gguf'));
  writeFileSync(path.join(source, 'tokenizer', 'tokenizer.json'), '{}');
  writeFileSync(path.join(source, 'LICENSE-base'), 'the licence');
  writeFileSync(path.join(source, 'README.md'), '# Source\nTrained on leaves.\n');
  const dest = path.join(path.dirname(source), 'imported');
  mkdirSync(dest);
  const model = await importModel(source, dest, { quantize: 'none' });
  for (const [name, values] of readSafetensors(path.join(source, 'expected.safetensors'))) {
    const found = await model.readTensor(name);
    for (const [i, value] of values.entries()) assert.ok(Math.abs(found[i] - value) < 1e-5, `${name} ${i}`);
  }
  assert.equal(readFileSync(path.join(dest, 'tokenizer.json'), 'utf8'), '{}');
  assert.equal(readFileSync(path.join(dest, 'LICENSE'), 'utf8'), 'the licence');
  assert.match(readFileSync(path.join(dest, 'README.md'), 'utf8'), /# imported[\s\S]*Trained on leaves\./);
  assert.match(readFileSync(path.join(dest, 'NOTICE'), 'utf8'), /changed from its source/);
});

const TARGET = 'model.layers.1.mlp.gate_proj';
const SPECIAL = [3, 150];

/** A rank-2 adapter for one projection of the Llama fixture, and two rows of its embedding. */
function writeAdapter(
  t: TestContext,
  changes: object = {},
): { file: string; a: number[]; b: number[]; rows: number[] } {
  const random = testRandom(9);
  const floats = (count: number) => Array.from({ length: count }, () => Math.fround(random() - 0.5));
  const [a, b, rows] = [floats(2 * 48), floats(88 * 2), floats(2 * 48)];
  const dir = temporaryFolder(t);
  const file = path.join(dir, 'adapter.safetensors');
  writeFloats(file, {
    [`base_model.model.${TARGET}.lora_A.weight`]: { dims: [2, 48], values: a },
    [`base_model.model.${TARGET}.lora_B.weight`]: { dims: [88, 2], values: b },
    special_token_rows: { dims: [2, 48], values: rows },
  });
  const config = {
    peft_type: 'LORA',
    r: 2,
    lora_alpha: 3,
    bias: 'none',
    special_token_ids: SPECIAL,
    ...changes,
  };
  writeFileSync(path.join(dir, 'adapter_config.json'), JSON.stringify(config));
  return { file, a, b, rows };
}

test('an adapter adds alpha/r · B · A to its targets, replaces special rows and leaves the rest', async (t) => {
  const { file, a, b, rows } = writeAdapter(t);
  const source = path.join(FIXTURES, 'llama-tied-window');
  const dest = path.join(temporaryFolder(t), 'merged');
  const model = await importModel(source, dest, { quantize: 'none', adapter: file });
  for (const [name, values] of readSafetensors(path.join(source, 'model.safetensors'))) {
    const expected = Float64Array.from(values);
    if (name === `${TARGET}.weight`) {
      for (let out = 0; out < 88; out++) {
        for (let i = 0; i < 48; i++) {
          expected[out * 48 + i] += (3 / 2) * (b[out * 2] * a[i] + b[out * 2 + 1] * a[48 + i]);
        }
      }
    }
    if (name === 'model.embed_tokens.weight') {
      for (const [i, id] of SPECIAL.entries()) expected.set(rows.slice(i * 48, (i + 1) * 48), id * 48);
    }
    const found = await model.readTensor(name);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(found[i] - value) < 1e-6, `${name} ${i}`);
  }
});

test('an adapter that is something else or does not fit is refused', async (t) => {
  const source = path.join(FIXTURES, 'llama-tied-window');
  const dest = path.join(temporaryFolder(t), 'merged');
  const refused = async (adapter: string, message: RegExp) => {
    await assert.rejects(importModel(source, dest, { quantize: 'none', adapter }), {
      name: 'UserError',
      message,
    });
    assert.ok(!existsSync(dest));
  };
  await refused(writeAdapter(t, { peft_type: 'IA3' }).file, /peft_type must be LORA, not "IA3"/);
  await refused(writeAdapter(t, { use_dora: true }).file, /use_dora is true, which is not supported/);
  await refused(
    writeAdapter(t, { r: 4 }).file,
    /lora_A\.weight must be \[4, 48\] to fit the model, but is \[2, 48\]/,
  );
  await refused(writeAdapter(t, { special_token_ids: [3] }).file, /special_token_rows must be \[1, 48\]/);
  await refused(
    writeAdapter(t, { special_token_ids: [3, 157] }).file,
    /special_token_ids is 157, outside the voc/,
  );
  const lost = writeAdapter(t).file;
  writeFloats(lost, {
    'base_model.model.model.layers.9.mlp.up_proj.lora_A.weight': { dims: [2, 48], values: [] },
  });
  await refused(lost, /data_offsets|takes|changes nothing/);
  await refused(path.join(dest, 'nowhere.safetensors'), /adapter_config\.json, which describes the adapter/);
});

test('a destination that is not empty is left alone', async (t) => {
  const dest = temporaryFolder(t);
  writeFileSync(path.join(dest, 'precious'), '');
  await assert.rejects(importModel(path.join(FIXTURES, 'llama-tied-window'), dest, { quantize: 'none' }), {
    name: 'UserError',
    message: /already exists and is not an empty folder/,
  });
  assert.deepEqual(readdirSync(dest), ['precious']);
});

test('an interrupted import leaves nothing behind', async (t) => {
  const parent = temporaryFolder(t);
  const abort = new AbortController();
  const running = importModel(path.join(FIXTURES, 'llama-tied-window'), path.join(parent, 'dest'), {
    quantize: 'int8',
    signal: abort.signal,
    progress: (share) => {
      if (share > 0.5) abort.abort();
    },
  });
  await assert.rejects(running, { name: 'AbortError' });
  assert.deepEqual(readdirSync(parent), []);
});

test('sources without weights, or with too many, are refused', async (t) => {
  const source = copyOfFixture(t, 'gguf-llama');
  const dest = path.join(source, 'dest');
  const refused = (message: RegExp) =>
    assert.rejects(importModel(source, dest, { quantize: 'none' }), { name: 'UserError', message });
  writeFileSync(path.join(source, 'other.gguf'), '');
  await refused(/more than one GGUF file: other\.gguf, tiny\.gguf/);
  renameSync(path.join(source, 'other.gguf'), path.join(source, 'other'));
  renameSync(path.join(source, 'tiny.gguf'), path.join(source, 'tiny'));
  await refused(/has no weights/);
  editJson(path.join(source, 'config.json'), { model_type: 'mamba' });
  await refused(/model_type is "mamba"/);
});
