import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import type { TrainingGraphOptions } from '../../kernels/training/training-graph.ts';
import { Random } from '../../server/decode/random.ts';
import { microBatches } from '../../server/train/batches.ts';
import { OBJECTIVES, type ObjectiveName } from '../../server/train/objectives/index.ts';
import type { ObjectiveSettings, SampleRows, Target } from '../../server/train/objectives/objective.ts';
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

/** What one target adds to the loss, from log p of its row with the weights given and with the stored ones. */
type TermOf = (target: Target, logits: number[], stored: number[]) => number;

/** Runs an objective and compares loss and gradients of one matrix with the same in plain loops. */
async function check(
  name: ObjectiveName,
  settings: ObjectiveSettings,
  options: TrainingGraphOptions,
  term: TermOf,
  { attention = 'causal', someRight = false }: { attention?: 'causal' | 'full'; someRight?: boolean } = {},
): Promise<SampleRows> {
  const { folder, spec: causal, stored } = await windowModel();
  const spec = { ...causal, cleanAttention: attention };
  const objective = OBJECTIVES[name];
  const drawn = objective.rows(SAMPLE, spec, settings, new Random(4));
  const logitsOf = (weights: Weights) => {
    const { logits } = naiveForward(spec, (weight) => weights.get(weight)!, drawn);
    return (row: number) => [...logits.subarray(row * spec.vocabSize, (row + 1) * spec.vocabSize)];
  };
  const before = logitsOf(stored);
  // Random weights are never right by themselves: every second target becomes what they hold for best.
  const targets = drawn.targets.map((target, i) =>
    someRight && i % 2 === 0 ? { ...target, token: bestOf(before(target.row)) } : target,
  );
  const rows = { ...drawn, targets };
  const [batch] = microBatches([rows], objective.terms(settings), 1000);
  const session = await TrainingSession.open(folder, { tensors: new Set([NAME]) }, 1, options);
  const result = await session.run(batch, stored);
  await session.release();

  const lossWith = (weights: Weights) => {
    const now = logitsOf(weights);
    return rows.targets.reduce((loss, target) => {
      const factor = (objective.terms(settings) as Record<string, number>)[target.term];
      const share = factor / rows.denominators[target.term];
      return loss + share * term(target, now(target.row), before(target.row));
    }, 0);
  };
  assert.ok(Math.abs(result.loss - lossWith(stored)) < 1e-5, `${result.loss} is not ${lossWith(stored)}`);
  assertGradients(result.gradients, stored, lossWith);
  return rows;
}

const bestOf = (logits: number[]) => logits.indexOf(Math.max(...logits));

test('the path term weighs a token by its own probability, which is no subject of the gradient', async () => {
  const rows = await check(
    'open-dllm',
    objectiveSettings(),
    { path: true },
    ({ token, weight, path = 0 }, logits, stored) => {
      const p = Math.exp(logSoftmax(stored)[token]);
      return -(weight + path * p) * logSoftmax(logits)[token];
    },
    { attention: 'full' },
  );
  assert.ok(rows.targets.length > 1);
  for (const { path } of rows.targets) assert.equal(path, rows.targets[0].path);
});

test('certainty forcing adds the entropy of right rows at its temperature', async () => {
  let right = 0;
  const settings = objectiveSettings({ windows: 6, certainty: 2, depthDecay: 0.8 });
  const rows = await check(
    'window-diffusion',
    settings,
    { certainty: { temperature: 0.5 } },
    ({ token, weight, certainty = 0 }, logits, stored) => {
      const cross = -weight * logSoftmax(logits)[token];
      if (bestOf(stored) !== token) return cross;
      if (certainty > 0) right++;
      const cooled = logSoftmax(logits.map((logit) => logit / 0.5));
      return cross + certainty * cooled.reduce((sum, one) => sum - Math.exp(one) * one, 0);
    },
    { someRight: true },
  );
  assert.ok(rows.targets.some(({ term, certainty }) => term === 'noisy' && certainty! > 0));
  assert.ok(right > 0, 'no row is right');
});
