import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import type { Io } from '../../server/commands/command.ts';
import { modelVerify } from '../../server/commands/model-verify.ts';
import { UserError } from '../../server/errors.ts';
import { importModel } from '../../server/models/import.ts';
import { openModel } from '../../server/models/registry.ts';
import { rotateWeights } from '../../server/models/rotate.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { openWeightSource, type WeightSource } from '../../server/models/weight-source.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { editJson, temporaryFolder, writeFloats } from '../support/model-files.ts';
import { TINY_FAMILIES, VOCABULARY, writeTinyFamily } from '../support/tiny-families.ts';
import { testRandom } from '../support/tiny-model.ts';

const ROWS = 12;

/** Rows with a random mask, every row seeing itself at least, and what the reference makes of them. */
function goldenRows(network: ReturnType<typeof writeTinyFamily>, seed: number) {
  const random = testRandom(seed);
  const ids = Array.from({ length: ROWS }, () => Math.floor(random() * VOCABULARY));
  const positions = ids.map((_, i) => 2 * i + Math.floor(random() * 3));
  const mask = ids.flatMap((_, r) => ids.map((_, c) => (r === c || random() < 0.6 ? 1 : 0)));
  const visible = (row: number, column: number) => mask[row * ROWS + column] === 1;
  return { ids, positions, mask, visible, logits: network(ids, positions, visible).flat() };
}

for (const name of Object.keys(TINY_FAMILIES)) {
  test(`${name}: a checkpoint in the published layout gives the logits of an independent reference`, async (t) => {
    const dir = path.join(temporaryFolder(t), name);
    const { ids, positions, mask, visible, logits } = goldenRows(writeTinyFamily(dir, name), 5);
    const file = path.join(dir, 'golden.safetensors');
    writeFloats(file, {
      input_ids: { dims: [ROWS], values: ids },
      position_ids: { dims: [ROWS], values: positions },
      mask: { dims: [ROWS, ROWS], values: mask },
      logits: { dims: [ROWS, VOCABULARY], values: logits },
    });

    const results: Record<string, unknown>[] = [];
    const io = { result: (_: string, fields: Record<string, unknown>) => results.push(fields) };
    await modelVerify.run([dir, file], {}, io as unknown as Io);
    const [{ maxAbsLogit, top1Agreement }] = results as { maxAbsLogit: number; top1Agreement: number }[];
    assert.ok(maxAbsLogit < 2e-4, `${maxAbsLogit}`);
    assert.equal(top1Agreement, 1);

    const { spec } = await openModel(dir);
    const worst = async (source: WeightSource, shape: DenoiserSpec) => {
      const weights = await readAll(source);
      const naive = naiveForward(shape, (weight) => weights.get(weight)!, { ids, positions, visible });
      return naive.logits.reduce((most, value, i) => Math.max(most, Math.abs(value - logits[i])), 0);
    };
    const source = await openWeightSource(dir, spec);
    assert.ok((await worst(source, spec)) < 1e-9);
    // The change of basis before an int8 import, stored in single precision.
    assert.ok((await worst(rotateWeights(source, spec), { ...spec, tiedHead: false })) < 1e-3);
    const imported = await importModel(dir, `${dir}-imported`, { quantize: 'none' });
    assert.deepEqual(
      await readAll(await openWeightSource(imported.dir, imported.spec)),
      await readAll(source),
    );
  });
}

test('a mixture of experts is not trained', async (t) => {
  const dir = path.join(temporaryFolder(t), 'sdar-moe');
  writeTinyFamily(dir, 'sdar_moe');
  await assert.rejects(
    TrainingSession.open(await openModel(dir), { tensors: new Set() }, 1),
    (error) =>
      error instanceof UserError && /sdar-moe is a mixture of experts, which cannot/.test(error.message),
  );
});

async function readAll(source: WeightSource): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const [name, weight] of source) weights.set(name, await weight.read());
  return weights;
}

/** Damages a copy of a tiny checkpoint and tells how it is refused. */
const REFUSED: [string, string, (dir: string) => void, RegExp][] = [
  [
    'a config of another family',
    'llada',
    (dir) => writeFileSync(path.join(dir, 'config.json'), JSON.stringify(TINY_FAMILIES.sdar.config)),
    /no weight has a name that the family sdar uses; config\.json is that of another model\.$/,
  ],
  [
    'a weight that is missing, by its published name',
    'llada',
    (dir) =>
      writeFloats(path.join(dir, 'model.safetensors'), {
        'model.transformer.wte.weight': { dims: [VOCABULARY, 32], values: new Float32Array(VOCABULARY * 32) },
      }),
    /weight model\.transformer\.blocks\.0\.attn_norm\.weight is missing; config\.json asks for it\.$/,
  ],
  [
    'queries, keys and values for other heads',
    'llada2',
    (dir) => editJson(path.join(dir, 'config.json'), { num_key_value_heads: 4 }),
    /weight model\.layers\.0\.attention\.query_key_value\.weight has 64 rows, config\.json asks for 96\.$/,
  ],
  [
    'the shards of an index without one of them',
    'dream',
    (dir) => {
      const weight_map = {
        'lm_head.weight': 'model.safetensors',
        'model.norm.weight': 'model-2.safetensors',
      };
      writeFileSync(path.join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
    },
    /model-2\.safetensors/,
  ],
];

for (const [what, name, damage, message] of REFUSED) {
  test(`refused with one sentence: ${what}`, async (t) => {
    const dir = path.join(temporaryFolder(t), name);
    writeTinyFamily(dir, name);
    damage(dir);
    await assert.rejects(
      openModel(dir),
      (error) => error instanceof UserError && message.test(error.message),
    );
  });
}
