import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type NaiveRows, naiveForward } from '../../kernels/naive-forward.ts';
import { naiveSamplerHead } from '../../server/decode/naive-sampler-head.ts';
import { readSpec } from '../../server/models/read-spec.ts';
import { rotateWeights } from '../../server/models/rotate.ts';
import { rotateSamplerHead } from '../../server/models/rotate-sampler-head.ts';
import { writeSafetensors } from '../../server/models/safetensors-writer.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { openWeightSource, type WeightSource } from '../../server/models/weight-source.ts';
import { FIXTURES, temporaryFolder, writeFloats } from '../support/model-files.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { testRandom, tinySpec } from '../support/tiny-model.ts';

async function readAll(source: WeightSource): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const [name, weight] of source) weights.set(name, await weight.read());
  return weights;
}

function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

for (const name of ['llama-tied-window', 'qwen2-full-bias', 'qwen3-sdar-block4', 'qwen3-sdar-train-layout']) {
  test(`rotated weights give the golden logits of ${name}`, async () => {
    const folder = path.join(FIXTURES, name);
    const config = path.join(folder, 'config.json');
    const spec = readSpec(config, JSON.parse(readFileSync(config, 'utf8')));
    const weights = await readAll(rotateWeights(await openWeightSource(folder, spec), spec));
    const golden = readSafetensors(path.join(folder, 'golden.safetensors'));
    const ids = [...golden.get('input_ids')!];
    const mask = golden.get('mask')!;
    const { logits } = naiveForward({ ...spec, tiedHead: false }, (weight) => weights.get(weight)!, {
      ids,
      positions: [...golden.get('position_ids')!],
      visible: (row, column) => mask[row * ids.length + column] === 1,
    });
    assert.ok(worstDifference(logits, golden.get('logits')!) < 1e-4);
  });
}

/** Random weights with norms far from one, and every ninth number of a vector much larger than the others. */
function randomSource(spec: DenoiserSpec, seed: number): WeightSource {
  const random = testRandom(seed);
  return new Map(
    [...expectedWeights(spec)].map(([name, { dims }]) => {
      const length = dims.reduce((product, n) => product * n, 1);
      const values = Float32Array.from({ length }, (_, i) => (random() - 0.4) * (i % 9 === 0 ? 8 : 1));
      return [name, { dims, read: async () => values.slice() }];
    }),
  );
}

const ROWS: NaiveRows = {
  ids: [3, 1, 4, 1, 5],
  positions: [0, 1, 2, 3, 4],
  visible: (row, column) => column <= row,
};

for (const [what, overrides] of [
  ['biases everywhere and a tied head', { qkvBias: true, outputBias: true }],
  ['heads whose size is no power of two', { headDim: 6, qkNorm: true, tiedHead: false }],
  ['an odd width', { hiddenSize: 15, intermediateSize: 7 }],
] satisfies [string, Partial<DenoiserSpec>][]) {
  test(`rotation changes weights and no logit: ${what}`, async () => {
    const spec = tinySpec(overrides);
    const source = randomSource(spec, 5);
    // A channel without effect: there is nothing to balance.
    const up = await source.get('model.layers.0.mlp.up_proj.weight')!.read();
    up.fill(0, 0, spec.hiddenSize);
    const silenced = new Map(source);
    const { dims } = source.get('model.layers.0.mlp.up_proj.weight')!;
    silenced.set('model.layers.0.mlp.up_proj.weight', { dims, read: async () => up.slice() });

    const [before, after] = [await readAll(silenced), await readAll(rotateWeights(silenced, spec))];
    const untied = { ...spec, tiedHead: false };
    const expected = naiveForward(spec, (name) => before.get(name)!, ROWS);
    const found = naiveForward(untied, (name) => after.get(name)!, ROWS);
    const largest = Math.max(...expected.logits.map(Math.abs));
    assert.ok(worstDifference(found.logits, expected.logits) < 2e-6 * largest);
    assert.deepEqual([...after.keys()].sort(), [...expectedWeights(untied).keys()].sort());
    for (const [name, values] of after) {
      if (!name.endsWith('norm.weight') || /[qk]_norm/.test(name)) continue;
      assert.ok(
        values.every((value) => value === 1),
        name,
      );
    }
  });
}

const HEAD_SPEC = { file: 'head.safetensors', hiddenSize: 10, candidates: 4, embeddingScale: 3 };

/** A random sampler head in a folder of its own, fp32. */
function writeSamplerHead(t: TestContext, size: number): string {
  const random = testRandom(11);
  const layer = (...dims: number[]) => ({
    dims,
    values: Array.from({ length: dims.reduce((a, b) => a * b) }, () => random() - 0.5),
  });
  const dir = temporaryFolder(t);
  const inner = HEAD_SPEC.hiddenSize;
  writeFloats(path.join(dir, HEAD_SPEC.file), {
    'w1.weight': layer(inner, 2 * size),
    'w1.bias': layer(inner),
    'w2.weight': layer(size, inner),
    'w2.bias': layer(size),
  });
  return dir;
}

test('a rotated sampler head scores the rotated network as the original scored the original', async (t) => {
  const spec = tinySpec();
  const source = randomSource(spec, 8);
  const norm = await source.get('model.norm.weight')!.read();
  const dir = writeSamplerHead(t, spec.hiddenSize);
  const rotatedDir = temporaryFolder(t);
  await writeSafetensors(
    path.join(rotatedDir, HEAD_SPEC.file),
    await rotateSamplerHead(dir, HEAD_SPEC, norm),
  );

  const chain = async (weights: Map<string, Float32Array>, tiedHead: boolean, headDir: string) => {
    const { hidden } = naiveForward({ ...spec, tiedHead }, (name) => weights.get(name)!, ROWS);
    const head = readSafetensors(path.join(headDir, HEAD_SPEC.file));
    const rowsOf = (name: string) => (id: number) =>
      weights.get(name)!.subarray(id * spec.hiddenSize, (id + 1) * spec.hiddenSize);
    const sampler = naiveSamplerHead(
      {
        w1: head.get('w1.weight')!,
        b1: head.get('w1.bias')!,
        w2: head.get('w2.weight')!,
        b2: head.get('w2.bias')!,
        embeddingScale: HEAD_SPEC.embeddingScale,
        embeddingRow: rowsOf('model.embed_tokens.weight'),
        outputRow: rowsOf(tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'),
      },
      4,
    );
    const candidates = Int32Array.from({ length: 4 * ROWS.ids.length }, (_, i) => (i * 3) % 8);
    return sampler.chain({ hidden: Float32Array.from(hidden), candidates, previous: 2 });
  };
  const expected = await chain(await readAll(source), true, dir);
  const found = await chain(await readAll(rotateWeights(source, spec)), false, rotatedDir);
  assert.deepEqual(found.chosen, expected.chosen);
  const largest = Math.max(...expected.scores.map(Math.abs));
  assert.ok(worstDifference(found.scores, expected.scores) < 1e-5 * largest);
});

test('a norm weight of zero cannot be moved into a sampler head', async (t) => {
  const norm = Float32Array.of(1, 2, 3, 0, 5, 6, 7, 8);
  await assert.rejects(rotateSamplerHead(writeSamplerHead(t, 8), HEAD_SPEC, norm), {
    name: 'UserError',
    message: /head\.safetensors cannot be converted to int8: weight 3 of the model's last norm is zero/,
  });
});
