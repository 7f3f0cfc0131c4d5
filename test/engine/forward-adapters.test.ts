import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { adapterNames } from '../../kernels/training/parameters.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtBatch } from '../../server/engine/ort-batch.ts';
import { openModel } from '../../server/models/registry.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { multiply } from '../../server/train/matrix.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { FIXTURES } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const IDS = [5, 17, 3, 99, 140, 8, 8, 61, 30, 2];
const MODULES = [
  'model.layers.0.self_attn.q_proj',
  'model.layers.0.self_attn.v_proj',
  'model.layers.0.mlp.up_proj',
  'model.layers.1.self_attn.k_proj',
  'model.layers.1.self_attn.o_proj',
  'model.layers.1.mlp.gate_proj',
  'model.layers.1.mlp.up_proj',
  'model.layers.1.mlp.down_proj',
];
const PLAN = { rank: 3, alpha: 6, modules: new Set(MODULES) };

for (const fixture of ['llama-tied-window', 'qwen3-sdar-block4']) {
  test(`adapters beside the weights are adapters in the weights: ${fixture}`, async () => {
    const folder = await openModel(path.join(FIXTURES, fixture));
    const random = testRandom(5);
    const adapters = new Map<string, Float32Array>();
    const merged = new Map<string, Float32Array>();
    for (const name of expectedWeights(folder.spec).keys()) merged.set(name, await folder.readTensor(name));
    for (const module of MODULES) {
      const { a, b } = adapterNames(module);
      const [out, into] = folder.weights.get(`${module}.weight`)!.dims;
      const draw = (length: number) => Float32Array.from({ length }, () => (random() - 0.5) / 4);
      adapters.set(a, draw(PLAN.rank * into)).set(b, draw(out * PLAN.rank));
      const product = multiply(adapters.get(b)!, adapters.get(a)!, out, PLAN.rank, into);
      const weight = merged.get(`${module}.weight`)!;
      for (let i = 0; i < weight.length; i++) weight[i] += (PLAN.alpha / PLAN.rank) * product[i];
    }

    const batch = await OrtBatch.open(await loadOrt(), folder, 1, undefined, PLAN);
    const whole = await TrainingSession.open(folder, { tensors: new Set(merged.keys()) }, 1);
    const difference = async () => {
      const [, cache] = batch.newCaches(3);
      const rows = {
        ids: IDS,
        positions: [...IDS.keys()],
        visible: (row: number, column: number) => column <= row,
      };
      const select = [2, 5, 9];
      const [engine] = await batch.forward([{ cache, ...rows, select, topK: 4 }]);
      const target = select.map((_, i) => engine.topIds[i * 4 + 3]);
      const trainer = await whole.run({ ...rows, select, target, weight: [1, 1, 1] }, merged);
      const logProbs = select.map((_, i) => engine.topLogits[i * 4 + 3] - engine.logSumExp[i]);
      return Math.max(...logProbs.map((logProb, i) => Math.abs(logProb - trainer.logProbabilities[i])));
    };
    assert.ok((await difference()) > 1e-2, 'before the update the adapters have no effect');
    batch.update(adapters);
    assert.ok((await difference()) < 1e-4, `${await difference()}`);
    await batch.release();
    await whole.release();
  });
}
