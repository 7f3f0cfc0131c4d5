import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { importModel } from '../../server/models/import.ts';
import { FIXTURES, temporaryFolder, writeFloats } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom } from '../support/tiny-model.ts';

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
