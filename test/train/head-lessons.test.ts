import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { naiveRescore } from '../../kernels/naive-sampler-head.ts';
import { naiveDenoiser } from '../../server/decode/naive-denoiser.ts';
import { Random } from '../../server/decode/random.ts';
import { microBatches } from '../../server/train/batches.ts';
import { newGradients } from '../../server/train/gradients.ts';
import { headLessons } from '../../server/train/head-lessons.ts';
import { OBJECTIVES } from '../../server/train/objectives/index.ts';
import type { ObjectiveSettings } from '../../server/train/objectives/objective.ts';
import { RescoringSession } from '../../server/train/rescoring-session.ts';
import { TrainingSession } from '../../server/train/session.ts';
import {
  assertGradients,
  logSoftmax,
  objectiveSettings,
  randomValues,
  type Weights,
  windowModel,
} from '../support/objective-lab.ts';

const SAMPLE = { ids: [3, 1, 4, 1, 5, 2, 6, 5, 3, 5], promptLength: 3 };
const HEAD = { inner: 7, embeddingScale: 2 };

/** Rows of windows in which the sampler head alone has targets, with a denoiser for them in double precision. */
async function lab(changes: Partial<ObjectiveSettings>) {
  const model = await windowModel();
  const { spec, stored } = model;
  const settings = objectiveSettings({
    windows: 3,
    depthDecay: 0.8,
    noisyWeight: 0,
    autoregressiveWeight: 0,
    chainedWeight: 1,
    ...changes,
  });
  const objective = OBJECTIVES['window-diffusion'];
  const rows = objective.rows(SAMPLE, spec, settings, new Random(4));
  const denoiser = naiveDenoiser({ ...spec, suppressedTokenIds: [] }, (name) => stored.get(name)!);
  return { ...model, rows, denoiser, terms: objective.terms(settings) };
}

test('lessons hold states, best tokens, and the weights of those that the text or the teacher has', async () => {
  const { spec, stored, rows, denoiser } = await lab({ softLabels: 0.6 });
  const [count, temperature] = [5, 0.5];
  const lessons = await headLessons(denoiser, rows, count, temperature);
  const size = spec.hiddenSize;
  const { hidden, logits } = naiveForward(spec, (name) => stored.get(name)!, rows);
  const logitsOf = (row: number) => [...logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
  const bestOf = (row: number) => {
    const all = logitsOf(row);
    return [...all.keys()].sort((a, b) => all[b] - all[a]).slice(0, count);
  };
  const expected = rows.targets
    .filter(({ term }) => term === 'chained')
    .map(({ row, token, weight, soft, previous }) => {
      const teacher = bestOf(soft!.teacherRow);
      const likelihood = (id: number) => Math.exp(logitsOf(soft!.teacherRow)[id] / temperature);
      const all = teacher.reduce((sum, id) => sum + likelihood(id), 0);
      const labels = bestOf(row).map((id) => {
        const taught = teacher.includes(id) ? (soft!.weight * likelihood(id)) / all : 0;
        return taught + (id === token ? weight : 0);
      });
      return { row, previous, candidates: bestOf(row), labels };
    });
  const kept = expected.filter(({ labels }) => labels.some((label) => label > 0));
  assert.ok(kept.length > 0 && kept.length < expected.length, `${kept.length} of ${expected.length} rows`);
  assert.deepEqual(
    [...lessons.previous],
    kept.map(({ previous }) => previous),
  );
  assert.deepEqual(
    [...lessons.candidates],
    kept.flatMap(({ candidates }) => candidates),
  );
  const near = (values: Float32Array, wanted: readonly number[]) => {
    assert.equal(values.length, wanted.length);
    for (const [i, value] of values.entries()) assert.ok(Math.abs(value - wanted[i]) < 1e-5, `at ${i}`);
  };
  near(
    lessons.labels,
    kept.flatMap(({ labels }) => labels),
  );
  near(
    lessons.hidden,
    kept.flatMap(({ row }) => [...hidden.subarray(row * size, (row + 1) * size)]),
  );
});

test('from lessons: the loss of the naive head over the candidates, its gradients by finite differences', async () => {
  const { folder, spec, stored, rows, denoiser } = await lab({ softLabels: 0.6 });
  const lessons = await headLessons(denoiser, rows, 5, 0.5);
  const session = await RescoringSession.open(folder, HEAD, 1);
  const values = randomValues(session.parameters, 8);
  const gradients = newGradients(session.parameters);
  const result = await session.run(lessons, values, gradients);
  await session.release();
  const size = spec.hiddenSize;
  const embedding = stored.get('model.embed_tokens.weight')!;
  const rowOf = (id: number) => embedding.subarray(id * size, (id + 1) * size);
  const lossWith = (head: Weights) => {
    const weights = {
      w1: head.get('sampler_head.w1.weight')!,
      b1: head.get('sampler_head.w1.bias')!,
      w2: head.get('sampler_head.w2.weight')!,
      b2: head.get('sampler_head.w2.bias')!,
      embeddingScale: HEAD.embeddingScale,
      embeddingRow: rowOf,
      outputRow: rowOf,
    };
    const losses = [...lessons.previous].map((previous, row) => {
      const state = lessons.hidden.subarray(row * size, (row + 1) * size);
      const candidates = [...lessons.candidates.subarray(row * 5, (row + 1) * 5)];
      const all = logSoftmax(naiveRescore(weights, state, previous, candidates));
      return all.reduce((loss, one, i) => loss - lessons.labels[row * 5 + i] * one, 0);
    });
    return losses.reduce((sum, loss) => sum + loss, 0);
  };
  assert.ok(Math.abs(result.loss - lossWith(values)) < 1e-5, `${result.loss} is not ${lossWith(values)}`);
  assertGradients(gradients, values, lossWith, 12);
});

test('with every token a candidate, lessons give the loss and the gradients of the whole network', async () => {
  const { folder, spec, rows, denoiser, terms } = await lab({});
  const lessons = await headLessons(denoiser, rows, spec.vocabSize, 1);
  const rescoring = await RescoringSession.open(folder, HEAD, 1);
  const values = randomValues(rescoring.parameters, 8);
  const labels = lessons.labels.map((label) => label / rows.denominators.chained);
  const gradients = newGradients(rescoring.parameters);
  const alone = await rescoring.run({ ...lessons, labels }, values, gradients);
  await rescoring.release();

  const [batch] = microBatches([rows], terms, 1000);
  const training = await TrainingSession.open(folder, { tensors: new Set(), samplerHead: HEAD }, 1);
  const whole = await training.run(batch, values);
  await training.release();
  assert.ok(Math.abs(alone.loss - whole.loss) < 1e-5, `${alone.loss} is not ${whole.loss}`);
  assert.deepEqual([...gradients.keys()], [...whole.gradients.keys()]);
  for (const [name, gradient] of whole.gradients) {
    const own = gradients.get(name)!;
    const worst = gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i])), 0);
    assert.ok(worst < 1e-5, `${name} differs by ${worst}`);
  }
});
