import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openModel } from '../../server/models/registry.ts';
import { copyOfFixture, editJson, FIXTURES, temporaryFolder, writeFloats } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

test('the fixtures open and give their weights', async () => {
  for (const name of [
    'llama-tied-window',
    'qwen2-full-bias',
    'qwen3-sdar-block4',
    'qwen3-sdar-train-layout',
  ]) {
    const dir = path.join(FIXTURES, name);
    const model = await openModel(dir);
    const expected = readSafetensors(path.join(dir, 'model.safetensors'));
    assert.equal(model.name, name);
    assert.equal(model.spec.maskTokenId, undefined);
    assert.equal(model.tokenizerPath, undefined);
    assert.equal(model.quantization, 'none');
    assert.match(model.weightsHash, /^[0-9a-f]{16}$/);
    assert.deepEqual([...model.weights.keys()].sort(), [...expected.keys()].sort());
    assert.equal(
      model.parameters,
      [...expected.values()].reduce((sum, values) => sum + values.length, 0),
    );
    for (const [weight, values] of expected) {
      assert.deepEqual(await model.readTensor(weight), Float32Array.from(values));
    }
  }
});

test('two checkpoints of one shape have different hashes, equal ones the same', async (t) => {
  const [a, b] = [copyOfFixture(t, 'llama-tied-window'), copyOfFixture(t, 'llama-tied-window')];
  const hash = (await openModel(a)).weightsHash;
  assert.equal((await openModel(b)).weightsHash, hash);
  const file = path.join(b, 'model.safetensors');
  const bytes = readFileSync(file);
  const { weights } = await openModel(b);
  bytes[weights.get('model.norm.weight')!.offset] ^= 1;
  writeFileSync(file, bytes);
  assert.notEqual((await openModel(b)).weightsHash, hash);
});

/** The weights of the Llama fixture as fp32, to be changed. */
function llamaTensors(dir: string): Record<string, { dims: number[]; values: number[] }> {
  const bytes = readFileSync(path.join(dir, 'model.safetensors'));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE())));
  const values = readSafetensors(path.join(dir, 'model.safetensors'));
  return Object.fromEntries(
    [...values].map(([name, floats]) => [name, { dims: header[name].shape, values: [...floats] }]),
  );
}

for (const [title, change, message] of [
  [
    'a missing weight',
    (w) => delete w['model.norm.weight'],
    /weight model\.norm\.weight is missing; config\.json asks for it/,
  ],
  [
    'a weight left over',
    (w) => {
      w['model.layers.0.self_attn.q_proj.bias'] = { dims: [48], values: new Array(48).fill(0) };
    },
    /weight model\.layers\.0\.self_attn\.q_proj\.bias is left over/,
  ],
  [
    'a weight of the wrong shape',
    (w) => {
      w['model.norm.weight'] = { dims: [47], values: new Array(47).fill(0) };
    },
    /weight model\.norm\.weight has shape \[47\], config\.json asks for \[48\]/,
  ],
] as [string, (weights: ReturnType<typeof llamaTensors>) => void, RegExp][]) {
  test(`${title} is refused`, async (t) => {
    const dir = copyOfFixture(t, 'llama-tied-window');
    const weights = llamaTensors(dir);
    change(weights);
    writeFloats(path.join(dir, 'model.safetensors'), weights);
    await assert.rejects(openModel(dir), { name: 'UserError', message });
  });
}

test('the head of a tied model and computed frequencies are ignored', async (t) => {
  const dir = copyOfFixture(t, 'llama-tied-window');
  const weights = llamaTensors(dir);
  weights['lm_head.weight'] = weights['model.embed_tokens.weight'];
  weights['model.layers.0.self_attn.rotary_emb.inv_freq'] = { dims: [4], values: [1, 2, 3, 4] };
  writeFloats(path.join(dir, 'model.safetensors'), weights);
  const model = await openModel(dir);
  assert.ok(!model.weights.has('lm_head.weight'));
  editJson(path.join(dir, 'config.json'), { tie_word_embeddings: false });
  assert.ok((await openModel(dir)).weights.has('lm_head.weight'));
});

test('an untied config without a head is refused', async (t) => {
  const dir = copyOfFixture(t, 'llama-tied-window');
  editJson(path.join(dir, 'config.json'), { tie_word_embeddings: false });
  await assert.rejects(openModel(dir), {
    name: 'UserError',
    message: /weight lm_head\.weight is missing/,
  });
});

/** Gives tensors of a safetensors file other types by rewriting its header; the data stay. */
function retype(file: string, change: (header: Record<string, { dtype: string; shape: number[] }>) => void) {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  change(header);
  const json = Buffer.from(JSON.stringify(header).padEnd(length));
  json.copy(bytes, 8);
  writeFileSync(file, bytes);
}

test('types that a weight cannot have are refused', async (t) => {
  const dir = copyOfFixture(t, 'llama-tied-window');
  const file = path.join(dir, 'model.safetensors');
  const original = readFileSync(file);
  const refused = async (name: string, dtype: string, shape: number[], message: RegExp) => {
    writeFileSync(file, original);
    retype(file, (header) => Object.assign(header[name], { dtype, shape }));
    await assert.rejects(openModel(dir), { name: 'UserError', message });
  };
  await refused('model.norm.weight', 'I64', [24], /model\.norm\.weight has shape \[24\]/);
  const weights = llamaTensors(copyOfFixture(t, 'llama-tied-window'));
  weights['model.norm.weight'] = { dims: [12], values: new Array(12).fill(0) };
  writeFloats(file, weights);
  retype(file, (header) => Object.assign(header['model.norm.weight'], { dtype: 'I8', shape: [48] }));
  await assert.rejects(openModel(dir), { name: 'UserError', message: /type I8; it can be F32, F16, BF16/ });
});

test('folders that hold no model are refused in one sentence', async (t) => {
  const empty = temporaryFolder(t);
  const refused = (dir: string, message: RegExp) =>
    assert.rejects(openModel(dir), { name: 'UserError', message });
  await refused(path.join(empty, 'nowhere'), /there is no such folder/);
  await refused(empty, /it has no config\.json/);
  writeFileSync(path.join(empty, 'config.json'), '{,}');
  await refused(empty, /config\.json is not JSON/);
  writeFileSync(path.join(empty, 'config.json'), '[]');
  await refused(empty, /must hold a JSON object/);
  const dir = copyOfFixture(t, 'qwen3-sdar-block4');
  rmSync(path.join(dir, 'model.safetensors'));
  await refused(dir, /has no weights/);
});

const EMBEDDED = path.join(import.meta.dirname, '..', '..', 'models', 'unmask-135m');

test('the embedded model opens, is int8 and is complete', async () => {
  const model = await openModel(EMBEDDED);
  assert.equal(model.quantization, 'int8');
  assert.equal(model.parameters, 162_826_560);
  assert.equal(model.spec.maskTokenId, 7);
  assert.deepEqual(model.spec.suppressedTokenIds, [7, 8, 9]);
  const files = new Set([...model.weights.values()].map((weight) => weight.file));
  for (const file of files) assert.ok(statSync(path.join(EMBEDDED, file)).size < 95e6, file);
  for (const file of ['LICENSE', 'NOTICE', 'README.md']) {
    assert.ok(statSync(path.join(EMBEDDED, file)).size > 0);
  }
});

test('a sampler head that does not fit is refused', async (t) => {
  const dir = copyOfFixture(t, 'llama-tied-window');
  const head = { file: 'head.safetensors', hidden_size: 2, candidates: 4, embedding_scale: 1 };
  const diffusion = { mask_token_id: 1, block_size: 4, clean_attention: 'causal', logit_shift: 1 };
  editJson(path.join(dir, 'config.json'), { diffusion: { ...diffusion, sampler_head: head } });
  await assert.rejects(openModel(dir), { name: 'UserError', message: /head\.safetensors cannot be read/ });
  const layer = (...dims: number[]) => ({ dims, values: new Array(dims.reduce((a, b) => a * b)).fill(0) });
  const layers = { 'w1.weight': layer(2, 96), 'w1.bias': layer(2), 'w2.weight': layer(48, 2) };
  writeFloats(path.join(dir, 'head.safetensors'), layers);
  await assert.rejects(openModel(dir), {
    name: 'UserError',
    message: /w2\.bias must be \[48\], but there is nothing/,
  });
  writeFloats(path.join(dir, 'head.safetensors'), { ...layers, 'w2.bias': layer(48) });
  assert.equal((await openModel(dir)).spec.samplerHead?.hiddenSize, 2);
});

test('matrices of the layers that are stored in different ways are refused', async (t) => {
  const dir = copyOfFixture(t, 'llama-tied-window');
  const weights = llamaTensors(dir);
  const name = 'model.layers.1.mlp.up_proj.weight';
  const [out, into] = weights[name].dims;
  weights[name] = { dims: [out, into / 4], values: new Array((out * into) / 4).fill(0) };
  weights[`${name}_scale`] = { dims: [out], values: new Array(out).fill(1) };
  const file = path.join(dir, 'model.safetensors');
  writeFloats(file, weights);
  retype(file, (header) => Object.assign(header[name], { dtype: 'I8', shape: [out, into] }));
  await assert.rejects(openModel(dir), {
    name: 'UserError',
    message:
      /layers\.1\.mlp\.up_proj\.weight is stored in another way \(int8\) than \S+ \(none\); all matrices/,
  });
});
