import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import { ADAPTER_FILE, readAdapter, writeAdapter } from '../../server/train/adapter-file.ts';
import { multiply } from '../../server/train/matrix.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

const MODULES = new Set(['model.layers.0.self_attn.q_proj', 'model.layers.2.mlp.down_proj']);
const PLAN = { rank: 3, alpha: 6, modules: MODULES };

test('an adapter is written with the names and the config of PEFT, read back, and merged by import', async (t) => {
  const folder = await openModel(path.join(FIXTURES, 'qwen3-sdar-block4'));
  const session = await TrainingSession.open(folder, { tensors: new Set(), adapters: PLAN }, 1);
  const random = testRandom(5);
  const values = new Map(
    session.parameters.map(({ name, dims }) => [
      name,
      Float32Array.from({ length: dims[0] * dims[1] }, () => random() - 0.5),
    ]),
  );
  await session.release();
  const dir = path.join(temporaryFolder(t), 'adapter');
  await writeAdapter(dir, PLAN, values, folder.name);

  const stored = readSafetensors(path.join(dir, ADAPTER_FILE));
  assert.deepEqual(
    [...stored.keys()].sort(),
    [...MODULES]
      .flatMap((module) => ['A', 'B'].map((side) => `base_model.model.${module}.lora_${side}.weight`))
      .sort(),
  );
  const config = JSON.parse(readFileSync(path.join(dir, 'adapter_config.json'), 'utf8'));
  assert.equal(config.peft_type, 'LORA');
  assert.equal(config.r, 3);
  assert.equal(config.lora_alpha, 6);
  assert.deepEqual(config.target_modules, ['q_proj', 'down_proj']);

  const back = await readAdapter(dir, session.parameters);
  assert.deepEqual(back, values);
  await assert.rejects(readAdapter(dir, [{ name: [...back.keys()][0], dims: [2, 48] }]), UserError);

  const target = path.join(temporaryFolder(t), 'merged');
  await importModel(folder.dir, target, { quantize: 'none', adapter: path.join(dir, ADAPTER_FILE) });
  const merged = await openModel(target);
  const module = 'model.layers.2.mlp.down_proj';
  const [before, after] = await Promise.all(
    [folder, merged].map((model) => model.readTensor(`${module}.weight`)),
  );
  const [out, into] = folder.weights.get(`${module}.weight`)!.dims;
  const b = values.get(`${module}.lora_B.weight`)!;
  const product = multiply(b, values.get(`${module}.lora_A.weight`)!, out, PLAN.rank, into);
  after.forEach((value, i) => {
    assert.ok(Math.abs(value - (before[i] + 2 * product[i])) < 1e-5);
  });
});
