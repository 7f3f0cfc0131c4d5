import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { openModel } from '../../../server/models/registry.ts';
import { expectedWeights } from '../../../server/models/weight-names.ts';
import type { Reveal, Step, Trajectory } from '../../../server/protocol.ts';
import { teacher as reward } from '../../../server/train/rl/rewards/teacher.ts';
import type { Rollout } from '../../../server/train/rl/rollout.ts';
import { Teacher } from '../../../server/train/rl/teacher.ts';
import { temporaryFolder } from '../../support/model-files.ts';
import { logSoftmax } from '../../support/objective-lab.ts';
import { writeTinyModel } from '../../support/tiny-model-folder.ts';

const rollout = (promptIds: number[], responseIds: number[], steps: unknown[] = []) =>
  ({ trajectory: { promptIds, responseIds, steps } as unknown as Trajectory }) as Rollout;

test('a teacher gives the mean log-probability of the plain causal network, whatever shares the forward', async (t) => {
  const dir = temporaryFolder(t);
  writeTinyModel(dir);
  const folder = await openModel(dir);
  const { spec } = folder;
  const stored = new Map<string, Float32Array>();
  for (const name of expectedWeights(spec).keys()) stored.set(name, await folder.readTensor(name));
  const teacher = await Teacher.open(folder, folder, 1);
  const group = [rollout([5, 6, 7], [8, 9, 3, 4]), rollout([5, 6, 7], []), rollout([5, 6, 7], [8, 2])];
  const marked = await teacher.marked(group);
  await teacher.release();
  for (const [i, { trajectory, teacherLogProb }] of marked.entries()) {
    const { promptIds, responseIds } = group[i].trajectory;
    assert.equal(trajectory, group[i].trajectory);
    const ids = [...promptIds, ...responseIds];
    const rows = { ids, positions: [...ids.keys()], visible: (row: number, column: number) => column <= row };
    const { logits } = naiveForward(spec, (name) => stored.get(name)!, rows);
    const sum = responseIds.reduce((total, id, at) => {
      const row = (promptIds.length + at - 1) * spec.vocabSize;
      return total + logSoftmax(logits.subarray(row, row + spec.vocabSize))[id];
    }, 0);
    assert.ok(Math.abs(teacherLogProb! - sum / Math.max(1, responseIds.length)) < 1e-5);
  }
});

test('the reward is that mean, less the mean by which the response was sampled where the divergence is wanted', () => {
  const reveal = (position: number, logProb: number) => ({ position, logProb }) as Reveal;
  const steps = [
    { revealed: [reveal(0, -0.5), reveal(2, -9)] },
    // Taken back and revealed again; the token behind the end does not count.
    { revealed: [reveal(1, -1.5), reveal(2, -4)] },
  ] as Step[];
  const response = { ...rollout([1], [2, 3], steps), teacherLogProb: -2 };
  const settings = { term: 'teacher', weight: 1, gate: 'always', normaliser: 'none' } as const;
  assert.equal(reward(response, settings), -2);
  assert.equal(reward(response, { ...settings, reverseKl: true }), -1);
  assert.throws(() => reward(rollout([1], [2]), settings), /not shown to a teacher/);
});
