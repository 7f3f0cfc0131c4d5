import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { Random } from '../../server/decode/random.ts';
import { microBatches } from '../../server/train/batches.ts';
import { studentForced } from '../../server/train/objectives/student-forced.ts';
import { Predictor } from '../../server/train/predictor.ts';
import { TrainingSession } from '../../server/train/session.ts';
import {
  assertGradients,
  logSoftmax,
  objectiveSettings,
  type Weights,
  windowModel,
} from '../support/objective-lab.ts';

const SAMPLE = { ids: [3, 1, 4, 1, 5, 2, 6, 5, 3, 5], promptLength: 3 };
const NAME = 'model.layers.2.mlp.up_proj.weight';
const PLAN = { tensors: new Set([NAME]) };

test('student-forced: the teachers are autoregressive on the student’s own tokens; loss and gradients', async () => {
  const { folder, spec, stored } = await windowModel();
  const objective = studentForced;
  const settings = objectiveSettings({ windows: 3, depthDecay: 0.8, chainedWeight: 0 });
  assert.equal(objective.misfit(spec), undefined);
  const first = objective.rows(SAMPLE, spec, settings, new Random(4));
  const logitsOf = (rows: Parameters<typeof naiveForward>[2], weights: Weights) => {
    const { logits } = naiveForward(spec, (name) => weights.get(name)!, rows);
    return (row: number) => [...logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
  };

  const [question] = microBatches([first], { teacher: 0 }, 1000);
  const predictor = await Predictor.open(folder, PLAN, 1);
  const predictions = await predictor.best(question, stored);
  await predictor.release();
  const student = logitsOf(first, stored);
  const best = predictions.map(({ id }) => id);
  assert.deepEqual(
    best,
    first.targets.map(({ row }) => student(row).indexOf(Math.max(...student(row)))),
  );

  const rows = first.forced(predictions);
  const now = logitsOf(rows, stored);
  const noisy = rows.targets.filter(({ term }) => term === 'noisy');
  assert.deepEqual(
    noisy.map(({ token }) => token),
    best,
  );
  for (const [i, { row, soft }] of noisy.entries()) {
    // The student predicts as it did, and its teacher as it would after the text and the student's tokens.
    assertNear(now(row), student(first.targets[i].row));
    const window = noisy.filter((other) => rows.visible(row, other.row));
    const start = rows.positions[window[0].row];
    const depth = rows.positions[row] - start;
    const ids = [...SAMPLE.ids.slice(0, start + 1), ...window.slice(0, depth).map(({ token }) => token)];
    const plain = { ids, positions: [...ids.keys()], visible: (r: number, c: number) => c <= r };
    assertNear(now(soft!.teacherRow), logitsOf(plain, stored)(ids.length - 1));
    assert.equal(soft!.weight, 0.8 ** depth);
  }

  const [batch] = microBatches([rows], objective.terms(settings), 1000);
  const session = await TrainingSession.open(folder, PLAN, 1, { softLabels: { temperature: 0.7 } });
  const result = await session.run(batch, stored);
  await session.release();
  const lossWith = (weights: Weights) => {
    const moved = logitsOf(rows, weights);
    return rows.targets.reduce((loss, { row, token, weight, soft, term }) => {
      const factor = (objective.terms(settings) as Record<string, number>)[term] / rows.denominators[term];
      const hard = -weight * logSoftmax(moved(row))[token];
      if (!soft) return loss + factor * hard;
      const teacher = logSoftmax(now(soft.teacherRow));
      const sixteen = [...teacher.keys()].sort((a, b) => teacher[b] - teacher[a]).slice(0, 16);
      const shares = sixteen.map((id) => Math.exp(teacher[id] / 0.7));
      const total = shares.reduce((a, b) => a + b);
      const logs = logSoftmax(moved(row));
      const cross = sixteen.reduce((sum, id, i) => sum - (shares[i] / total) * logs[id], 0);
      return loss + factor * (hard + soft.weight * cross);
    }, 0);
  };
  assert.ok(Math.abs(result.loss - lossWith(stored)) < 1e-5, `${result.loss} is not ${lossWith(stored)}`);
  assertGradients(result.gradients, stored, lossWith);
});

test('student-forced: the sampler head is given the student’s own token before each prediction', async () => {
  const { spec } = await windowModel();
  const settings = objectiveSettings({ windows: 2, noisyWeight: 0, chainedWeight: 1 });
  const first = studentForced.rows(SAMPLE, spec, settings, new Random(1));
  const best = first.targets.map((_, i) => 40 + i);
  const predictions = best.map((id) => ({ id, confidence: 1 }));
  const chained = first.forced(predictions).targets.filter(({ term }) => term === 'chained');
  for (const [i, { previous }] of chained.entries()) {
    const { row } = first.targets[i];
    const begins = i === 0 || !first.visible(row, first.targets[i - 1].row);
    assert.equal(previous, begins ? SAMPLE.ids[first.positions[row]] : best[i - 1]);
  }
});

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((value, i) => void assert.ok(Math.abs(value - expected[i]) < 1e-9));
}
