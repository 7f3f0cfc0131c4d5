import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { SPECIAL_ROWS } from '../../kernels/training/parameters.ts';
import { Random } from '../../server/decode/random.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import { writeAdapter } from '../../server/train/adapter-file.ts';
import { microBatches } from '../../server/train/batches.ts';
import type { TrainingBatch } from '../../server/train/feeds.ts';
import { OBJECTIVES } from '../../server/train/objectives/index.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { temporaryFolder } from '../support/model-files.ts';
import {
  assertGradients,
  logSoftmax,
  objectiveSettings,
  randomValues,
  type Weights,
  windowModel,
} from '../support/objective-lab.ts';

const SAMPLE = { ids: [3, 1, 4, 1, 5, 2, 6, 5, 3, 5], promptLength: 3 };
const MODULES = ['model.layers.0.self_attn.k_proj', 'model.layers.1.mlp.up_proj'];
const ADAPTERS = { rank: 2, alpha: 4, modules: new Set(MODULES) };

test('gated adapters change noisy rows and leave clean ones as they were, bit for bit', async () => {
  const { folder, spec, stored } = await windowModel();
  const objective = OBJECTIVES['window-diffusion'];
  const settings = objectiveSettings({ windows: 3 });
  const rows = objective.rows(SAMPLE, spec, settings, new Random(4));
  const [batch] = microBatches([rows], objective.terms(settings), 1000);
  const run = async (adapters: typeof ADAPTERS & { gated?: boolean }) => {
    const session = await TrainingSession.open(folder, { tensors: new Set(), adapters }, 1);
    const values = randomValues(session.parameters, 8);
    const result = await session.run(batch, values);
    await session.release();
    return { ...result, values };
  };
  const frozen = await TrainingSession.open(folder, { tensors: new Set(['model.norm.weight']) }, 1);
  const plain = (await frozen.run(batch, stored)).logProbabilities;
  await frozen.release();
  const gated = await run({ ...ADAPTERS, gated: true });
  const all = await run(ADAPTERS);
  for (const [i, { row, term }] of rows.targets.entries()) {
    assert.equal(rows.noisy(row), term === 'noisy');
    assert.notEqual(all.logProbabilities[i], plain[i]);
    if (term === 'noisy') assert.notEqual(gated.logProbabilities[i], plain[i]);
    else assert.equal(gated.logProbabilities[i], plain[i]);
  }
  // Clean rows alone have nothing to teach it.
  const alone = objective.rows(SAMPLE, spec, objectiveSettings({ windows: 0 }), new Random(4));
  const [clean] = microBatches([alone], objective.terms(settings), 1000);
  const session = await TrainingSession.open(
    folder,
    { tensors: new Set(), adapters: { ...ADAPTERS, gated: true } },
    1,
  );
  const { gradients } = await session.run(clean, gated.values);
  await session.release();
  for (const gradient of gradients.values()) assert.ok(gradient.every((slope) => slope === 0));
});

test('rows of special tokens take the place of stored ones: loss, gradients, and the file that import reads', async (t) => {
  const { folder, spec, stored } = await windowModel();
  const special = [156, 4];
  const plan = { tensors: new Set<string>(), adapters: ADAPTERS, specialTokens: special };
  const session = await TrainingSession.open(folder, plan, 1);
  const values = randomValues(session.parameters, 8);
  for (const name of values.keys()) if (name !== SPECIAL_ROWS) values.get(name)!.fill(0);
  const ids = [3, 4, 156, 5, 4, 156];
  const batch: TrainingBatch = {
    ids,
    positions: [...ids.keys()],
    visible: (row, column) => column <= row,
    select: [2, 5],
    target: [7, 8],
    weight: [1, 0.5],
  };
  const result = await session.run(batch, values);
  await session.release();
  const size = spec.hiddenSize;
  const EMBEDDING = 'model.embed_tokens.weight';
  const lossWith = (weights: Weights) => {
    const table = Float64Array.from(stored.get(EMBEDDING)!);
    const rows = weights.get(SPECIAL_ROWS)!;
    special.forEach((id, i) => void table.set(rows.subarray(i * size, (i + 1) * size), id * size));
    // Logits come from the stored rows: special tokens are never emitted.
    const read = (name: string) => (name === EMBEDDING ? table : stored.get(name)!);
    const { hidden } = naiveForward(spec, read, batch);
    return batch.select.reduce((loss, row, i) => {
      const scores = Array.from({ length: spec.vocabSize }, (_, id) =>
        Array.from({ length: size }).reduce<number>(
          (sum, _, k) => sum + hidden[row * size + k] * stored.get(EMBEDDING)![id * size + k],
          0,
        ),
      );
      return loss - batch.weight[i] * logSoftmax(scores)[batch.target[i]];
    }, 0);
  };
  assert.ok(Math.abs(result.loss - lossWith(values)) < 1e-5, `${result.loss} is not ${lossWith(values)}`);
  assertGradients(new Map([[SPECIAL_ROWS, result.gradients.get(SPECIAL_ROWS)!]]), values, lossWith, 40);

  const dir = path.join(temporaryFolder(t), 'adapter');
  await writeAdapter(dir, ADAPTERS, values, folder.name, special);
  const merged = path.join(temporaryFolder(t), 'merged');
  const adapter = path.join(dir, 'adapter_model.safetensors');
  await importModel(folder.dir, merged, { quantize: 'none', adapter });
  const table = await (await openModel(merged)).readTensor(EMBEDDING);
  const rows = values.get(SPECIAL_ROWS)!;
  special.forEach((id, i) => {
    assert.deepEqual(table.slice(id * size, (id + 1) * size), rows.slice(i * size, (i + 1) * size));
  });

  const config = path.join(dir, 'adapter_config.json');
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), unmask_gated: true }));
  await assert.rejects(
    importModel(folder.dir, `${merged}-gated`, { quantize: 'none', adapter }),
    /unmask_gated is true: what changes noisy rows only cannot be merged/,
  );
});
