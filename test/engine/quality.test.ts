import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Divergence } from '../../server/engine/divergence.ts';
import { compareModels } from '../../server/engine/quality.ts';
import { importModel } from '../../server/models/import.ts';
import type { Quality } from '../../server/models/model-folder.ts';
import { openModel } from '../../server/models/registry.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

test('agreement and divergence of distributions that are known, whole or token by token', () => {
  const logs = (...shares: number[]) => shares.map((share) => Math.log(share) + 3);
  const expected = Float32Array.from([...logs(0.5, 0.25, 0.25), ...logs(0.1, 0.1, 0.8)]);
  const actual = Float32Array.from([...logs(0.25, 0.5, 0.25), ...logs(0.1, 0.1, 0.8)]);
  for (const count of [3, 1]) {
    const divergence = new Divergence(2);
    for (let start = 0; start < 3; start += count) {
      const tokens = (logits: Float32Array) =>
        Float32Array.from([0, 3].flatMap((row) => [...logits.subarray(row + start, row + start + count)]));
      divergence.add(tokens(expected), tokens(actual), { start, count });
    }
    const quality = divergence.quality();
    assert.equal(quality.rows, 2);
    assert.equal(quality.top1Agreement, 0.5);
    assert.ok(Math.abs(quality.divergence - (0.5 * Math.log(2) - 0.25 * Math.log(2)) / 2) < 1e-6);
  }
});

test('a rounded model is compared with its source, and the card says how close it is', async (t) => {
  const dir = temporaryFolder(t);
  const source = path.join(dir, 'source');
  writeTinyModel(source);
  const text = 'def add(a, b):\n    return a + b\n'.repeat(8);
  let quality: Quality | undefined;
  const model = await importModel(source, path.join(dir, 'int8'), {
    quantize: 'int8',
    async compare(made, original) {
      quality = await compareModels(made, original, text, 1);
      return quality;
    },
  });
  assert.equal(quality?.rows, text.length);
  assert.ok(quality.top1Agreement > 0.8 && quality.top1Agreement <= 1);
  assert.ok(quality.divergence > 0 && quality.divergence < 0.01);
  assert.match(
    readFileSync(path.join(model.dir, 'README.md'), 'utf8'),
    /same best token in \S+ % of 256 rows/,
  );
  const own = await openModel(source);
  assert.equal((await compareModels(own, async () => own, text, 1))?.divergence, 0);

  // Weights that cannot be used where they lie are compared all the same.
  const [file, elsewhere] = [path.join(source, 'model.safetensors'), path.join(dir, 'elsewhere')];
  renameSync(file, elsewhere);
  symlinkSync(elsewhere, file);
  await importModel(source, path.join(dir, 'again'), {
    quantize: 'int8',
    async compare(made, openSource) {
      assert.deepEqual(await compareModels(made, openSource, text, 1), quality);
      return quality;
    },
  });
  assert.deepEqual(readdirSync(dir).sort(), ['again', 'elsewhere', 'int8', 'source']);
});
