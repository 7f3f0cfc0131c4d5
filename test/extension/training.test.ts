import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { follow } from '../../extension/training/follow.ts';
import { isAlive, runLabel, summarise } from '../../extension/training/run-summary.ts';
import { temporaryFolder } from '../support/model-files.ts';

const METRICS = [
  { step: 0, heldOut: { passAt1: 0.25 } },
  { step: 1, reward: { mean: -0.5 } },
  { step: 2, reward: { mean: 0.125 } },
];

function summary(state: Record<string, unknown> | null, alive: boolean, stopRequested = false) {
  const signs = { isAlive: () => alive, stopRequested };
  return summarise({ run: 'r', restart: false, state, metrics: METRICS, samples: [] }, signs);
}

test('a run is told by its state, step, last reward and last held-out pass@1', () => {
  const running = { status: 'running', pid: 7, step: 2, steps: 60 };
  assert.deepEqual(summary(running, true), {
    phase: 'running',
    pid: 7,
    description: 'running · step 2 of 60 · reward 0.13 · pass@1 25 %',
    reason: '',
  });
  const lost = summary(running, false);
  assert.deepEqual([lost.phase, lost.description.split(' · ')[0]], ['resting', 'interrupted']);
  assert.match(lost.reason, /ended without a word/);
  assert.equal(
    summary({ status: 'failed', step: 2, steps: 60, reason: 'disk full' }, true).reason,
    'disk full',
  );
  assert.match(summary(running, true, true).description, /^stopping · step 2 of 60/);
  // Asked to stop when it had taken its last step.
  assert.match(summary({ ...running, status: 'done', step: 60 }, true, true).description, /^done · step 60/);
  assert.equal(summary({ ...running, status: 'done' }, true).phase, 'done');
  assert.equal(summary(null, true).description, 'new');
  assert.deepEqual([isAlive(process.pid), isAlive(999_999_999)], [true, false]);
});

test('a list calls a run by its time, unless its folder has a name', () => {
  assert.equal(runLabel('no-speed'), 'no-speed');
  assert.match(runLabel('20260715T1200000Z-grpo'), /^20260715/);
  const label = runLabel('20260715T120059Z-sft');
  assert.match(label, /\b1[456]\b.*:\d\d.* sft$/);
  assert.doesNotMatch(label, /2026|59/);
});

test('the output of a run is followed from its beginning', async (t) => {
  const file = path.join(temporaryFolder(t), 'output.txt');
  writeFileSync(file, 'step 1\n');
  let text = '';
  const seen = (expected: string) =>
    new Promise<void>((resolve) => {
      check = () => text === expected && resolve();
      check();
    });
  let check = (): unknown => undefined;
  const stop = follow(file, (more) => {
    text += more;
    check();
  });
  t.after(stop);
  await seen('step 1\n');
  const [first, second] = [Buffer.from('±').subarray(0, 1), Buffer.from('±').subarray(1)];
  appendFileSync(file, Buffer.concat([Buffer.from('step 2 '), first]));
  await seen('step 1\nstep 2 ');
  appendFileSync(file, second);
  await seen('step 1\nstep 2 ±');
});
