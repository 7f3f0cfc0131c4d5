import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { adapterNames } from '../../kernels/training/parameters.ts';
import { runsExport } from '../../server/commands/runs-export.ts';
import { UserError } from '../../server/errors.ts';
import { openModel } from '../../server/models/registry.ts';
import { writeAdapter } from '../../server/train/adapter-file.ts';
import { multiply } from '../../server/train/matrix.ts';
import { exportCheckpoint } from '../../server/train/run/export.ts';
import { RunFolder } from '../../server/train/run/run-folder.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';

const MODULE = 'model.layers.1.self_attn.q_proj';

test('the best checkpoint of a run becomes a model: the base with the adapter in its weights', async (t) => {
  const dir = temporaryFolder(t);
  const model = path.join(dir, 'model');
  writeTinyModel(model);
  const base = await openModel(model);
  const run = await RunFolder.create(path.join(dir, 'run'), { model });
  await assert.rejects(exportCheckpoint(run, path.join(dir, 'none')), UserError);
  const random = testRandom(2);
  const [out, into] = base.weights.get(`${MODULE}.weight`)!.dims;
  const draw = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
  const { a, b } = adapterNames(MODULE);
  const values = new Map([
    [a, draw(2 * into)],
    [b, draw(out * 2)],
  ]);
  const plan = { rank: 2, alpha: 4, modules: new Set([MODULE]) };
  const step = (number: number) => path.join(run.dir, 'checkpoints', `step-${number}`);
  await writeAdapter(step(3), plan, values, 'model');
  mkdirSync(step(4));
  for (const number of [3, 4]) writeFileSync(path.join(step(number), 'manifest.json'), '{}');
  writeFileSync(path.join(run.dir, 'latest'), 'step-4\n');
  writeFileSync(path.join(run.dir, 'best'), 'step-3\n');

  const exported = await exportCheckpoint(run, path.join(dir, 'exported'));
  const product = multiply(values.get(b)!, values.get(a)!, out, 2, into);
  const before = await base.readTensor(`${MODULE}.weight`);
  const after = await exported.readTensor(`${MODULE}.weight`);
  for (const [i, weight] of after.entries()) assert.ok(Math.abs(weight - before[i] - 2 * product[i]) < 1e-6);

  const printed: object[] = [];
  const io = {
    json: true,
    signal: new AbortController().signal,
    result: (_: string, value: unknown) => void printed.push(value as object),
    note() {},
  };
  await runsExport.run([run.dir], {}, io);
  const last = { dir: path.join(run.dir, 'models', 'run-step-3'), weights: exported.weightsHash, step: 3 };
  assert.deepEqual(printed.slice(-2), [{ share: 1 }, last]);
  // It is there already.
  printed.length = 0;
  await runsExport.run([run.dir], {}, io);
  assert.deepEqual(printed, [last]);

  await assert.rejects(
    exportCheckpoint(run, path.join(dir, 'four'), 4),
    /step-4 has no adapter.*sampler head/,
  );
  writeFileSync(path.join(step(4), 'config.json'), '{}');
  await assert.rejects(exportCheckpoint(run, path.join(dir, 'four'), 4), /step-4 has no adapter.*a model by/);
  await assert.rejects(exportCheckpoint(run, path.join(dir, 'nine'), 9), /has no checkpoint step-9/);
});
