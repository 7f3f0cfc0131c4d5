import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { verifyForward } from '../../server/engine/verify.ts';
import { asUserError } from '../../server/files.ts';
import { type Change, changeWeights } from '../../server/models/change-weights.ts';
import { importModel } from '../../server/models/import.ts';
import { BLOCK, quantizeBlocks } from '../../server/models/quantize.ts';
import { readSpec } from '../../server/models/read-spec.ts';
import { openModel, readConfig } from '../../server/models/registry.ts';
import { rotateWeights } from '../../server/models/rotate.ts';
import { writeSafetensors } from '../../server/models/safetensors-writer.ts';
import { halfBitsToNumber } from '../../server/models/tensor-data.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { openWeightSource, partsOf } from '../../server/models/weight-source.ts';
import { copyOfFixture, editJson, FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

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

test('int4 packs the matrices of the layers, keeps the head tied and runs as its numbers say', async (t) => {
  const dest = path.join(temporaryFolder(t), 'int4');
  const source = path.join(FIXTURES, 'gguf-llama');
  const model = await importModel(source, dest, { quantize: 'int4' });
  assert.equal(model.quantization, 'int4');
  const stored = new Map<string, string>();
  for (const [name, { dtype }] of model.weights) stored.set(name, dtype);
  for (const [name, expected] of readSafetensors(path.join(source, 'expected.safetensors'))) {
    const values = Float32Array.from(expected);
    const found = await model.readTensor(name);
    if (name.includes('norm')) assert.deepEqual(found, values);
    else if (name.includes('embed') || name.includes('lm_head')) assert.equal(stored.get(name), 'I8');
    else {
      assert.equal(stored.get(name), 'I4');
      const { packed, scales } = quantizeBlocks(values);
      for (const [i, value] of found.entries()) {
        const integer = ((packed[i >> 1] >> (4 * (i % 2))) & 15) - 8;
        assert.equal(value, Math.fround(integer * halfBitsToNumber(scales[Math.floor(i / BLOCK)])));
      }
    }
  }

  const ids = [1, 30, 9, 22];
  const causal = (row: number, column: number) => column <= row;
  const weights = new Map<string, Float32Array>();
  for (const name of expectedWeights(model.spec).keys()) weights.set(name, await model.readTensor(name));
  const naive = naiveForward(model.spec, (name) => weights.get(name)!, {
    ids,
    positions: [0, 1, 2, 3],
    visible: causal,
  });
  const agreement = await verifyForward(
    model,
    {
      ids,
      positions: [0, 1, 2, 3],
      mask: ids.flatMap((_, row) => ids.map((_, column) => Number(causal(row, column)))),
      logits: Float32Array.from(naive.logits),
    },
    1,
  );
  // What is left is the rounding of activations to eight bits.
  assert.ok(
    agreement.maxAbsLogit < 0.05 * Math.max(...naive.logits.map(Math.abs)),
    `${agreement.maxAbsLogit}`,
  );
});

test('int4 of a matrix that has no whole blocks is refused', async (t) => {
  const dest = path.join(temporaryFolder(t), 'int4');
  await assert.rejects(importModel(path.join(FIXTURES, 'llama-tied-window'), dest, { quantize: 'int4' }), {
    name: 'UserError',
    message: /q_proj\.weight \[\d+, 48\] cannot be stored in 4 bits: its rows are no multiple of 32/,
  });
  assert.ok(!existsSync(dest));
});

for (const [kind, folder] of [
  ['safetensors', 'qwen2-full-bias'],
  ['gguf', 'gguf-llama'],
]) {
  test(`rows of a weight are the same alone as among all: ${kind}, merged and rotated`, async (t) => {
    const source = path.join(FIXTURES, folder);
    const { values } = await readConfig(source);
    const spec = readSpec('config.json', values);
    const random = testRandom(2);
    const changes = new Map<string, Change>([
      // Every number changes by its place.
      [
        'model.embed_tokens.weight',
        {
          apply(part, firstRow) {
            for (let i = 0; i < part.length; i++) part[i] += firstRow * spec.hiddenSize + i;
          },
        },
      ],
    ]);
    const plain = changeWeights(await openWeightSource(source, spec), changes);
    for (const weights of [plain, rotateWeights(plain, spec)]) {
      for (const [name, weight] of weights) {
        const all = await weight.read();
        const [count, columns] = [weight.dims[0], all.length / weight.dims[0]];
        const start = Math.floor(random() * count);
        const rows = { start, count: 1 + Math.floor(random() * (count - start)) };
        const expected = all.subarray(start * columns, (start + rows.count) * columns);
        assert.deepEqual(await weight.read(rows), expected, name);
      }
    }
    t.diagnostic(`${plain.size} weights`);
  });
}

test('a weight is cut into parts that hold all its rows, unless it must be read whole', () => {
  const read = async () => new Float32Array();
  const dims = [2 ** 14 + 5, 2 ** 12];
  const spans = partsOf({ dims, read });
  assert.equal(spans.length, 5);
  let end = 0;
  for (const { start, count } of spans) {
    assert.equal(start, end);
    assert.ok(count * dims[1] <= 2 ** 24);
    end += count;
  }
  assert.equal(end, dims[0]);
  assert.deepEqual(partsOf({ dims, read, whole: true }), [{ start: 0, count: dims[0] }]);
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

test('a folder that cannot be written to, and a full disk, are one sentence', async (t) => {
  const source = path.join(FIXTURES, 'llama-tied-window');
  await assert.rejects(importModel(source, path.join(source, 'config.json', 'dest'), { quantize: 'none' }), {
    name: 'UserError',
    message: /config\.json\S* cannot be used: a part of its path is no folder\.$/,
  });
  const denied = Object.assign(new Error('EACCES: …'), { code: 'EACCES', path: '/models/x' });
  assert.equal(asUserError(denied, 'y').message, '/models/x cannot be used: permission is denied.');
  const file = path.join(temporaryFolder(t), 'x.safetensors');
  symlinkSync('/dev/full', `${file}.partial`);
  const group = {
    tensors: [{ name: 'a', dtype: 'U8', dims: [1] }],
    produce: async () => [Uint8Array.of(1)],
  } as const;
  const error = await writeSafetensors(file, [group]).catch((thrown) => asUserError(thrown, file));
  assert.match(String(error), /x\.safetensors cannot be used: no space is left on the disk\.$/);
});

test('a weight file that is a link out of its folder can be imported, but not used where it is', async (t) => {
  const source = copyOfFixture(t, 'llama-tied-window');
  const file = path.join(source, 'model.safetensors');
  const elsewhere = path.join(temporaryFolder(t), 'weights');
  renameSync(file, elsewhere);
  symlinkSync(elsewhere, file);
  await assert.rejects(openModel(source), {
    name: 'UserError',
    message:
      /model\.safetensors is a link to \S+weights, outside the model's folder: put the file itself there/,
  });
  const model = await importModel(source, `${source}-own`, { quantize: 'none' });
  assert.equal(model.parameters, 64_320);
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
