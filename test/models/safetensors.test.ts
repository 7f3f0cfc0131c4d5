import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { readCheckpoint } from '../../server/models/checkpoint.ts';
import { readSafetensorsHeader, readTensor } from '../../server/models/safetensors.ts';
import {
  type OutputGroup,
  writeCheckpoint,
  writeSafetensors,
} from '../../server/models/safetensors-writer.ts';
import { FIXTURES, temporaryFolder, writeRawSafetensors } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

for (const [folder, file] of [
  ['llama-tied-window', 'golden.safetensors'],
  ['qwen2-full-bias', 'model.safetensors'],
  ['qwen3-sdar-block4', 'model.safetensors'],
  ['unmask-135m', 'golden-rows.safetensors'],
]) {
  test(`every tensor of ${folder}/${file} is read as a plain reader reads it`, async () => {
    const dir = path.join(FIXTURES, folder);
    const { tensors } = await readSafetensorsHeader(dir, file);
    const expected = readSafetensors(path.join(dir, file));
    assert.deepEqual([...tensors.keys()].sort(), [...expected.keys()].sort());
    for (const [name, location] of tensors) {
      assert.deepEqual(await readTensor(dir, location), Float32Array.from(expected.get(name)!), name);
    }
  });
}

const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

for (const [problem, header, message] of [
  ['no JSON', '{"a":', /not JSON/],
  ['an array', '[]', /not a JSON object/],
  ['an unknown type', { a: entry('F8_E4M3', [8], [0, 8]) }, /tensor a has type "F8_E4M3"; supported are F32/],
  ['a negative size', { a: entry('F32', [-2], [0, 8]) }, /tensor a has no valid shape/],
  ['no shape', { a: { dtype: 'F32', data_offsets: [0, 8] } }, /tensor a has no valid shape/],
  ['offsets that run backwards', { a: entry('F32', [2], [8, 0]) }, /tensor a has no valid data_offsets/],
  ['null for a tensor', { a: null }, /tensor a has type undefined/],
  ['data beyond the file', { a: entry('F32', [4], [0, 16]) }, /truncated: tensor a ends at byte/],
  [
    'an impossible size',
    { a: entry('F32', [2 ** 40, 2 ** 12], [0, 8]) },
    /tensor a has 8 bytes, but F32 .* takes/,
  ],
  [
    'a shape that is not its length',
    { a: entry('F32', [3], [0, 8]) },
    /tensor a has 8 bytes, but F32 \[3\] takes 12/,
  ],
  ['an overlap', { a: entry('I8', [5], [0, 5]), b: entry('I8', [4], [4, 8]) }, /tensors a and b overlap/],
  [
    'a name given twice',
    '{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],"data_offsets":[1,2]}}',
    /tensor a appears twice/,
  ],
] as const) {
  test(`a header with ${problem} is refused with the file and the tensor named`, async (t) => {
    const dir = temporaryFolder(t);
    writeRawSafetensors(path.join(dir, 'x.safetensors'), header, new Uint8Array(8));
    await assert.rejects(readSafetensorsHeader(dir, 'x.safetensors'), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /x\.safetensors/);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('files without a whole header are refused', async (t) => {
  const dir = temporaryFolder(t);
  const file = path.join(dir, 'x.safetensors');
  const refused = (message: RegExp) =>
    assert.rejects(readSafetensorsHeader(dir, 'x.safetensors'), { name: 'UserError', message });
  await refused(/cannot be read/);
  writeFileSync(file, 'abc');
  await refused(/truncated: it has 3 bytes/);
  writeFileSync(file, Buffer.alloc(64, 0xff));
  await refused(/header claims 18446744073709551615 bytes, the file has 64/);
});

test('a shard cut short is refused', async (t) => {
  const dir = temporaryFolder(t);
  const source = readFileSync(path.join(FIXTURES, 'llama-tied-window', 'model.safetensors'));
  writeFileSync(path.join(dir, 'model.safetensors'), source);
  truncateSync(path.join(dir, 'model.safetensors'), source.length - 1);
  await assert.rejects(readCheckpoint(dir), { name: 'UserError', message: /truncated: tensor model\./ });
});

test('written shards stay under the limit, are aligned and read back', async (t) => {
  const dir = temporaryFolder(t);
  const random = testRandom(5);
  const sizes = [64, 7, 128, 33, 64, 1, 256];
  const values = sizes.map((size) => Float32Array.from({ length: size }, () => random()));
  const groups: OutputGroup[] = values.map((floats, i) => ({
    tensors: [
      { name: `w${i}`, dtype: 'F32', dims: [floats.length] },
      { name: `b${i}`, dtype: 'I8', dims: [3] },
    ],
    produce: async () => [new Uint8Array(floats.buffer), Uint8Array.of(i, 2, 255)],
  }));
  const shares: number[] = [];
  await writeCheckpoint(dir, groups, 1100, (share) => shares.push(share));

  const { tensors } = await readCheckpoint(dir);
  for (const [i, floats] of values.entries()) {
    assert.deepEqual(await readTensor(dir, tensors.get(`w${i}`)!), floats);
    assert.deepEqual([...(await readTensor(dir, tensors.get(`b${i}`)!))], [i, 2, -1]);
    assert.equal(tensors.get(`w${i}`)!.offset % 4, 0);
    if (sizes[i] % 16 === 0) assert.equal(tensors.get(`w${i}`)!.offset % 64, 0);
  }
  const files = readdirSync(dir).filter((name) => name.endsWith('.safetensors'));
  assert.deepEqual(files, [1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`).slice(0, files.length));
  for (const file of files) {
    const read = [...tensors.values()].filter((tensor) => tensor.file === file);
    assert.ok(read.reduce((sum, tensor) => sum + tensor.length, 0) <= 1100);
    assert.ok(readSafetensors(path.join(dir, file)).size > 0);
  }
  assert.equal(shares.at(-1), 1);
  assert.ok(!readdirSync(dir).some((name) => name.includes('partial')));
});

test('a file is whole although the system takes a part of every write', async (t) => {
  const dir = temporaryFolder(t);
  const handle = await open(process.execPath);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const write = prototype.write;
  t.mock.method(
    prototype,
    'write',
    function (this: unknown, bytes: Uint8Array, at: number, length: number, position: number) {
      return write.call(this, bytes, at, Math.ceil(length / 2), position);
    },
  );
  const values = Float32Array.from({ length: 37 }, (_, i) => i / 7);
  const bytes = new Uint8Array(values.buffer);
  await writeSafetensors(path.join(dir, 'x'), [
    { tensors: [{ name: 'a', dtype: 'F32', dims: [37] }], produce: async () => [bytes] },
  ]);
  const { tensors } = await readSafetensorsHeader(dir, 'x');
  assert.deepEqual(await readTensor(dir, tensors.get('a')!), values);
});

test('an index and its shards must agree', async (t) => {
  const dir = temporaryFolder(t);
  const group = (name: string): OutputGroup => ({
    tensors: [{ name, dtype: 'I8', dims: [4] }],
    produce: async () => [new Uint8Array(4)],
  });
  await writeCheckpoint(dir, [group('a'), group('b')], 4, () => {});
  const index = path.join(dir, 'model.safetensors.index.json');
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const refused = (weightMap: unknown, message: RegExp) => {
    writeFileSync(index, JSON.stringify({ weight_map: weightMap }));
    return assert.rejects(readCheckpoint(dir), { name: 'UserError', message });
  };
  await refused({ a: first, b: second, c: second }, /holds c, but it does not/);
  await refused({ a: first, b: first }, /holds b, but it does not/);
  await refused({ a: first, b: 'model-00003.safetensors' }, /model-00003\.safetensors cannot be read/);
  await refused({ a: first, b: '../b.safetensors' }, /not a plain file name/);
  await refused({ a: first, b: 7 }, /weight_map\.b is not a file name/);
  await refused({}, /has no weight_map/);
  writeFileSync(index, '{');
  await assert.rejects(readCheckpoint(dir), { name: 'UserError', message: /not JSON/ });
  writeRawSafetensors(
    path.join(dir, second),
    { b: entry('I8', [1], [0, 1]), d: entry('I8', [1], [1, 2]) },
    new Uint8Array(2),
  );
  await refused({ a: first, b: second }, /holds d, which .* does not place there/);
});

test('a folder without weights says so', async (t) => {
  const dir = temporaryFolder(t);
  await assert.rejects(readCheckpoint(dir), { name: 'UserError', message: /has no weights/ });
});
