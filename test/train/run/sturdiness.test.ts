import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { runWhereFilesEndAt } from '../../support/full-disk.ts';
import { cliCommand, startProgram } from '../../support/run-cli.ts';
import { checkpoint, lab, train } from '../../support/sft-lab.ts';
import { testRandom } from '../../support/tiny-model.ts';

const KILLED_AT = pathToFileURL(path.join(import.meta.dirname, '../../support/killed-at.mjs')).href;
/** Kills in one run, and how many changes of files a process makes at most before its own. */
const [KILLS, CHANGES] = [6, 60];

const files = (run: RunFolder) => readdirSync(run.dir, { recursive: true }) as string[];

async function assertSameEnd(run: RunFolder, whole: RunFolder): Promise<void> {
  for (const file of readdirSync(path.join(whole.dir, 'checkpoints', 'step-6'))) {
    assert.ok(checkpoint(run, 6, file).equals(checkpoint(whole, 6, file)), file);
  }
  const losses = async (of: RunFolder) => (await of.metrics()).map(({ step, loss }) => [step, loss]);
  assert.deepEqual(await losses(run), await losses(whole));
  assert.equal((await run.state())?.status, 'done');
  assert.deepEqual(
    files(run).filter((name) => name.includes('partial') || name === 'lock'),
    [],
  );
}

test('a run whose processes are killed between any two changes of files ends bit-equal', async (t) => {
  const { dir, settings } = lab(t, { parameters: 'full', chainedWeight: 1, checkpointEvery: 1 });
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const run = await RunFolder.create(path.join(dir, 'killed'), settings);
  const random = testRandom(38);
  const resume = cliCommand(['train', 'sft', '--resume', run.dir], [KILLED_AT]);
  const ends: unknown[] = [];
  for (let kill = 0; kill <= KILLS; kill++) {
    const at = kill < KILLS ? 1 + Math.floor(random() * CHANGES) : Number.POSITIVE_INFINITY;
    const env = { ...process.env, KILL_IN: run.dir, KILL_AT: String(at) };
    const { code, signal, stderr } = await startProgram(resume, env).result;
    assert.ok(code === 0 || signal === 'SIGKILL', stderr);
    ends.push(signal);
  }
  assert.deepEqual(ends, [...Array(KILLS).fill('SIGKILL'), null]);
  await assertSameEnd(run, whole);
});

test('a full disk ends a run in one sentence; with room again it goes on from its last checkpoint', {
  skip: process.platform === 'win32' && 'no limit on the size of files can be set',
}, async (t) => {
  const { dir, settings } = lab(t, { parameters: 'full' });
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const begun = await RunFolder.create(path.join(dir, 'begun'), settings);
  await train(begun, settings, 2);
  const written = path.join(begun.dir, 'checkpoints', 'step-2');
  for (const file of ['trainer.safetensors', 'model.safetensors', '../../metrics.jsonl']) {
    const full = new RunFolder(path.join(dir, `full-${path.basename(file)}`));
    cpSync(begun.dir, full.dir, { recursive: true });
    const resume = cliCommand(['train', 'sft', '--resume', full.dir]);
    const sentence = await runWhereFilesEndAt(statSync(path.join(written, file)).size, resume);
    assert.match(
      sentence,
      /^unmask train sft: (the checkpoint )?\S+ cannot be written: files of this size are not allowed there\.$/,
    );
    const state = await full.state();
    assert.deepEqual([state?.status, `unmask train sft: ${state?.reason}`], ['failed', sentence]);
    assert.ok(!existsSync(path.join(full.dir, 'lock')));
    for (const name of readdirSync(written)) {
      assert.ok(checkpoint(full, 2, name).equals(checkpoint(begun, 2, name)), name);
    }
    await train(full, settings);
    await assertSameEnd(full, whole);
  }
});
