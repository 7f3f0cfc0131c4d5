import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { naiveRescore } from '../../kernels/naive-sampler-head.ts';
import { Random } from '../../server/decode/random.ts';
import { microBatches } from '../../server/train/batches.ts';
import { OBJECTIVES } from '../../server/train/objectives/index.ts';
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

test('the sampler head: the loss of the naive head given the text, its gradients by finite differences', async () => {
  const { folder, spec, stored } = await windowModel();
  const settings = objectiveSettings({
    windows: 3,
    depthDecay: 0.8,
    noisyWeight: 0,
    autoregressiveWeight: 0,
    chainedWeight: 2,
  });
  const objective = OBJECTIVES['window-diffusion'];
  const rows = objective.rows(SAMPLE, spec, settings, new Random(4));
  const chained = rows.targets.filter(({ term }) => term === 'chained');
  assert.ok(chained.length > 0);
  for (const { row, previous, token } of chained) {
    assert.equal(previous, SAMPLE.ids[rows.positions[row]]);
    assert.equal(token, SAMPLE.ids[rows.positions[row] + 1]);
  }

  const [batch] = microBatches([rows], objective.terms(settings), 1000);
  const session = await TrainingSession.open(folder, { tensors: new Set(), samplerHead: HEAD }, 1);
  const values = randomValues(session.parameters, 8);
  const result = await session.run(batch, values);
  await session.release();

  const { hidden } = naiveForward(spec, (weight) => stored.get(weight)!, rows);
  const size = spec.hiddenSize;
  const embedding = stored.get('model.embed_tokens.weight')!;
  const rowOf = (id: number) => embedding.subarray(id * size, (id + 1) * size);
  const vocabulary = Array.from({ length: spec.vocabSize }, (_, id) => id);
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
    return chained.reduce((loss, { row, token, previous, weight }) => {
      const state = hidden.subarray(row * size, (row + 1) * size);
      const scores = naiveRescore(weights, state, previous!, vocabulary);
      return loss - (2 * weight * logSoftmax(scores)[token]) / rows.denominators.chained;
    }, 0);
  };
  assert.ok(Math.abs(result.loss - lossWith(values)) < 1e-5, `${result.loss} is not ${lossWith(values)}`);
  assertGradients(result.gradients, values, lossWith, 12);
});

test('rows that are not chained keep their own prediction, and the network learns through those that are', async () => {
  const { folder, spec, stored } = await windowModel();
  const name = 'model.layers.1.mlp.up_proj.weight';
  const objective = OBJECTIVES['window-diffusion'];
  const settings = objectiveSettings({ windows: 2, chainedWeight: 1 });
  const rows = objective.rows(SAMPLE, spec, settings, new Random(4));
  const run = async (joint: boolean) => {
    const [batch] = microBatches([rows], objective.terms(settings), 1000);
    const plan = { tensors: new Set([name]), ...(joint && { samplerHead: HEAD }) };
    const session = await TrainingSession.open(folder, plan, 1);
    const values = randomValues(session.parameters, 8).set(name, stored.get(name)!);
    const result = await session.run(batch, values);
    await session.release();
    return result;
  };
  const [joint, alone] = [await run(true), await run(false)];
  for (const [i, { term }] of rows.targets.entries()) {
    const difference = Math.abs(joint.logProbabilities[i] - alone.logProbabilities[i]);
    assert.ok(term === 'chained' ? difference > 1e-4 : difference < 1e-6, `${term}: ${difference}`);
  }
  assert.notDeepEqual(joint.gradients.get(name), alone.gradients.get(name));
});
