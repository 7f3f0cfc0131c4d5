import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { Random } from '../../server/decode/random.ts';
import { openModel } from '../../server/models/registry.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';
import { microBatches } from '../../server/train/batches.ts';
import { OBJECTIVES } from '../../server/train/objectives/index.ts';
import { noisyClean } from '../../server/train/objectives/noisy-clean.ts';
import type { SampleRows } from '../../server/train/objectives/objective.ts';
import { windowStart } from '../../server/train/objectives/window-diffusion.ts';
import { TrainingSession } from '../../server/train/session.ts';
import { FIXTURES } from '../support/model-files.ts';
import { objectiveSettings } from '../support/objective-lab.ts';
import { tinySpec, tinyWeights } from '../support/tiny-model.ts';

const IDS = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5];
const SAMPLE = { ids: IDS, promptLength: 3 };

const CASES = [
  ['window-diffusion', tinySpec({ blockSize: 4 })],
  ['window-diffusion', tinySpec({ blockSize: 4, logitShift: 0 })],
  ['sdar', tinySpec({ blockSize: 4, logitShift: 0, cleanAttention: 'block' })],
  ['fast-dllm-v2', tinySpec({ blockSize: 4, cleanAttention: 'block' })],
  ['llada', tinySpec({ logitShift: 0, cleanAttention: 'full' })],
  ['llada', tinySpec({ cleanAttention: 'full' })],
  ['open-dllm', tinySpec({ cleanAttention: 'full' })],
  ['autoregressive', tinySpec()],
] as const;

const seen = (rows: SampleRows, row: number) =>
  [...rows.ids.keys()].filter((column) => rows.visible(row, column));

test('the noisy | clean layout: rows and number of pairs in closed form, a ragged last block', () => {
  const layout = noisyClean([8, 8, 8, 8], [1, 2, 3, 4], 2, [], {});
  assert.deepEqual(
    [...layout.ids.keys()].map((row) => seen(layout, row)),
    [
      [0, 1],
      [0, 1],
      [2, 3, 4, 5],
      [2, 3, 4, 5],
      [4, 5],
      [4, 5],
      [4, 5, 6, 7],
      [4, 5, 6, 7],
    ],
  );
  const [blocks, size] = [5, 3];
  const tokens = Array.from({ length: blocks * size }, (_, i) => i);
  const large = noisyClean(tokens, tokens, size, [], {});
  const pairs = [...large.ids.keys()].reduce((sum, row) => sum + seen(large, row).length, 0);
  assert.equal(pairs, size ** 2 * blocks * (blocks + 1));
  const ragged = noisyClean([8, 8, 8], [1, 2, 3], 2, [], {});
  assert.deepEqual(seen(ragged, 2), [2, 3, 4]);
  assert.deepEqual(seen(ragged, 5), [3, 4, 5]);
});

for (const [name, spec] of CASES) {
  test(`${name}, shift ${spec.logitShift}: no prediction sees its answer, every one is after the prompt`, () => {
    assert.equal(OBJECTIVES[name].misfit(spec), undefined);
    for (let seed = 0; seed < 40; seed++) {
      const rows = OBJECTIVES[name].rows(SAMPLE, spec, objectiveSettings({ windows: 3 }), new Random(seed));
      // What a row's logits depend on: whatever reaches it through the layers.
      for (const { row, token, weight } of rows.targets) {
        assert.ok(weight > 0);
        const reached = reach(rows, row);
        const position = rows.positions[row] + ahead(name, spec, row);
        assert.equal(token, IDS[position]);
        assert.ok(position >= SAMPLE.promptLength, `position ${position}`);
        for (const column of reached) {
          const leaks = rows.positions[column] === position && rows.ids[column] !== spec.maskTokenId;
          assert.ok(!leaks, `row ${row} sees the token at ${position} in row ${column}`);
        }
      }
    }
  });
}

/** How far ahead a row predicts: clean rows of causal objectives always give the next token. */
function ahead(name: string, spec: DenoiserSpec, row: number): number {
  const clean = name === 'autoregressive' || (name === 'window-diffusion' && row < IDS.length);
  return clean ? 1 : spec.logitShift;
}

/** Rows from which information flows to `row`. */
function reach(rows: SampleRows, row: number): Set<number> {
  const reached = new Set([row]);
  for (const at of reached) for (const column of seen(rows, at)) reached.add(column);
  return reached;
}

test('a noisy row of window diffusion gives the logits of a plain forward on the prefix and the window', () => {
  const spec = tinySpec({ blockSize: 4 });
  const weights = tinyWeights(spec, 3);
  const rows = OBJECTIVES['window-diffusion'].rows(
    SAMPLE,
    spec,
    objectiveSettings({ windows: 4 }),
    new Random(2),
  );
  const all = naiveForward(spec, weights, rows);
  for (const { row, term } of rows.targets) {
    if (term !== 'noisy') continue;
    const columns = seen(rows, row);
    const alone = naiveForward(spec, weights, {
      ids: columns.map((column) => rows.ids[column]),
      positions: columns.map((column) => rows.positions[column]),
      // Clean rows are causal; the window sees everything.
      visible: (r, c) => c <= r || columns[r] >= IDS.length,
    });
    const at = columns.indexOf(row);
    for (let i = 0; i < spec.vocabSize; i++) {
      const difference = all.logits[row * spec.vocabSize + i] - alone.logits[at * spec.vocabSize + i];
      assert.ok(Math.abs(difference) < 1e-10);
    }
  }
});

test('weights: 1 / p over the answer tokens for SDAR, each token once for Fast-dLLM v2', () => {
  const block = tinySpec({ blockSize: 4, logitShift: 0, cleanAttention: 'block' });
  let expected = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { targets, denominators } = OBJECTIVES.sdar.rows(
      SAMPLE,
      block,
      objectiveSettings(),
      new Random(seed),
    );
    assert.equal(denominators.noisy, 7);
    expected += targets.reduce((sum, { weight }) => sum + weight, 0) / 7 / 400;
  }
  // Masking with probability p and weighting by 1 / p counts every token once on average.
  assert.ok(Math.abs(expected - 1) < 0.15, `${expected}`);
  const shifted = tinySpec({ blockSize: 4, cleanAttention: 'block' });
  const { targets } = OBJECTIVES['fast-dllm-v2'].rows(SAMPLE, shifted, objectiveSettings(), new Random(1));
  const tokens = targets.map(({ row }) => (row % (2 * IDS.length)) + 1);
  assert.deepEqual(
    tokens.sort((a, b) => a - b),
    [3, 4, 5, 6, 7, 8, 9],
  );
});

test('promptWeight: the tokens of the prompt count for so much, and windows start at them so often', () => {
  const settings = objectiveSettings({ windows: 3, promptWeight: 0.25 });
  const { targets, denominators } = OBJECTIVES.autoregressive.rows(
    SAMPLE,
    tinySpec(),
    settings,
    new Random(0),
  );
  assert.deepEqual(
    targets.map(({ row, token, weight }) => [row, token, weight]),
    IDS.slice(1).map((token, row) => [row, token, row + 1 < SAMPLE.promptLength ? 0.25 : 1]),
  );
  assert.deepEqual(denominators, { autoregressive: 7.5 });
  // Six starts after the prompt and two in it, of a quarter each: 6.5 in all, and 200 draws for each unit.
  const counts = new Map<number, number>();
  for (let i = 0; i < 1300; i++) {
    const even = { uniform: () => (i + 0.5) / 1300 } as Random;
    const start = windowStart(SAMPLE, tinySpec({ blockSize: 4 }), settings, even);
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  const expected = [...Array(8).keys()].map((i) => [i + 1, i + 1 < SAMPLE.promptLength ? 50 : 200]);
  assert.deepEqual(
    [...counts].sort(([a], [b]) => a - b),
    expected,
  );
});

test('loss and gradient of a step do not depend on how it is cut into micro-batches', async () => {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const spec: DenoiserSpec = { ...folder.spec, maskTokenId: 156, blockSize: 4, logitShift: 1 };
  const objective = OBJECTIVES['window-diffusion'];
  const random = new Random(9);
  const samples = [10, 6, 8].map((length) =>
    objective.rows(
      { ids: IDS.slice(0, length), promptLength: 2 },
      spec,
      objectiveSettings({ windows: 2 }),
      random,
    ),
  );
  const name = 'model.layers.0.mlp.up_proj.weight';
  const session = await TrainingSession.open(folder, { tensors: new Set([name]) }, 1);
  const values = new Map([[name, await folder.readTensor(name)]]);
  const step = async (mostRows: number) => {
    let loss = 0;
    const sum = new Float64Array(values.get(name)!.length);
    const batches = microBatches(samples, objective.terms(objectiveSettings()), mostRows);
    for (const batch of batches) {
      const result = await session.run(batch, values);
      loss += result.loss;
      result.gradients.get(name)!.forEach((value, i) => {
        sum[i] += value;
      });
    }
    return { count: batches.length, loss, sum };
  };
  const [whole, parts] = [await step(1000), await step(1)];
  await session.release();
  assert.deepEqual([whole.count, parts.count], [1, 3]);
  assert.ok(Math.abs(whole.loss - parts.loss) < 1e-5);
  const largest = Math.max(...whole.sum.map(Math.abs));
  whole.sum.forEach((value, i) => void assert.ok(Math.abs(value - parts.sum[i]) < 1e-5 * largest));
});

test('soft labels: the loss of the naive forward with the clean rows as teachers that learn nothing', async () => {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const spec: DenoiserSpec = { ...folder.spec, maskTokenId: 156, blockSize: 4, logitShift: 1 };
  const objective = OBJECTIVES['window-diffusion'];
  const mixed = objectiveSettings({ windows: 3, depthDecay: 0.8, softLabels: 0.6 });
  const rows = objective.rows(SAMPLE, spec, mixed, new Random(4));
  const [batch] = microBatches([rows], objective.terms(mixed), 1000);
  const name = 'model.layers.2.mlp.up_proj.weight';
  const stored = new Map<string, Float32Array>();
  for (const weight of expectedWeights(spec).keys()) stored.set(weight, await folder.readTensor(weight));
  const session = await TrainingSession.open(folder, { tensors: new Set([name]) }, 1, {
    softLabels: { temperature: 1 },
  });
  const result = await session.run(batch, stored);
  await session.release();

  const logSoftmaxOf = (weights: ReadonlyMap<string, Float32Array | Float64Array>) => {
    const { logits } = naiveForward(spec, (weight) => weights.get(weight)!, rows);
    return (row: number) => {
      const scores = [...logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
      const logSumExp = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
      return scores.map((score) => score - logSumExp);
    };
  };
  /** Teachers always have the stored weights: their gradients do not count. */
  const teacherOf = logSoftmaxOf(stored);
  const lossWith = (weights: ReadonlyMap<string, Float32Array | Float64Array>) => {
    const studentOf = logSoftmaxOf(weights);
    return rows.targets.reduce((loss, { row, token, weight, term, soft }) => {
      const student = studentOf(row);
      const factor = (objective.terms(mixed) as Record<string, number>)[term] / rows.denominators[term];
      const hard = -weight * student[token];
      if (!soft) return loss + factor * hard;
      const teacher = teacherOf(soft.teacherRow);
      const best = [...teacher.keys()].sort((a, b) => teacher[b] - teacher[a]).slice(0, 16);
      const total = best.reduce((sum, id) => sum + Math.exp(teacher[id]), 0);
      const cross = -best.reduce((sum, id) => sum + (Math.exp(teacher[id]) / total) * student[id], 0);
      return loss + factor * (hard + soft.weight * cross);
    }, 0);
  };
  assert.ok(rows.targets.some(({ soft }) => soft));
  assert.ok(Math.abs(result.loss - lossWith(stored)) < 1e-5);
  const gradient = result.gradients.get(name)!;
  const step = 1e-4;
  for (const i of [0, 77, 1500, 4000]) {
    const [up, down] = [step, -step].map((change) => {
      const moved = Float64Array.from(stored.get(name)!);
      moved[i] += change;
      return lossWith(new Map<string, Float32Array | Float64Array>(stored).set(name, moved));
    });
    assert.ok(Math.abs(gradient[i] - (up - down) / (2 * step)) < 1e-5, `${i}: ${gradient[i]}`);
  }
});
