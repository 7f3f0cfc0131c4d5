import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { currentState } from '../../../server/commands/runs-list.ts';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { runWhereFilesEndAt } from '../../support/full-disk.ts';
import { lab, metricsWithoutTimes, samples, train } from '../../support/grpo-lab.ts';
import { isRunning } from '../../support/processes.ts';
import { cliCommand, startProgram } from '../../support/run-cli.ts';
import { openSandbox } from '../../support/sandbox.ts';
import { checkpoint } from '../../support/sft-lab.ts';
import { addSamplerHead } from '../../support/tiny-model-folder.ts';

const PRELOADED = pathToFileURL(path.join(import.meta.dirname, '../../support/killed-in-phase.ts')).href;
/** Where the processes of one run are killed, one after the other, and when it is there for the how-manieth time. */
const KILLS = ['evaluation:2', 'rollout:9', 'reward:13', 'backward:4', 'update:2', 'sync:3', 'checkpoint:1'];
const STEPS = 6;

/** A run whose steps take several forwards of the trainer, and the same one gone through without a fault. */
async function begun(t: TestContext) {
  const { dir, settings } = lab(t, { steps: STEPS, rowsPerForward: 16 });
  addSamplerHead(settings.model);
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  return { dir, settings, whole };
}

const resume = (run: RunFolder) => cliCommand(['train', 'grpo', '--resume', run.dir], [PRELOADED]);

async function assertSameEnd(run: RunFolder, whole: RunFolder): Promise<void> {
  assert.deepEqual(await metricsWithoutTimes(run), await metricsWithoutTimes(whole));
  assert.deepEqual(samples(run), samples(whole));
  for (const file of readdirSync(path.join(whole.dir, 'checkpoints', `step-${STEPS}`))) {
    assert.ok(checkpoint(run, STEPS, file).equals(checkpoint(whole, STEPS, file)), file);
  }
  const names = (of: RunFolder) => (readdirSync(of.dir, { recursive: true }) as string[]).sort();
  assert.deepEqual(names(run), names(whole));
}

test('a run whose processes are killed in every phase, by jumping clocks, ends bit-equal', async (t) => {
  const { dir, settings, whole } = await begun(t);
  const run = await RunFolder.create(path.join(dir, 'killed'), settings);
  for (const place of KILLS) {
    const { signal, stderr } = await startProgram(resume(run), { ...process.env, KILL_AT: place }).result;
    assert.equal(signal, 'SIGKILL', `${place}: ${stderr}`);
    assert.equal((await currentState(run.dir))?.status, 'interrupted');
  }
  const { code, stderr } = await startProgram(resume(run)).result;
  assert.equal(code, 0, stderr);
  await assertSameEnd(run, whole);
});

test('the processes of the sandbox end with a run that is killed while programs run', {
  skip: process.platform !== 'linux' && 'reads /proc',
}, async (t) => {
  const { dir, settings } = lab(t);
  // Builds the programs of the sandbox where they are missing.
  (await openSandbox()).close();
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { signal, stdout, stderr } = await startProgram(resume(run), {
    ...process.env,
    KILL_AT: 'program:10',
  }).result;
  assert.equal(signal, 'SIGKILL', stderr);
  const pids: number[] = JSON.parse(stdout);
  assert.ok(pids.length >= 2, stdout);
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a full disk ends a run in one sentence; with room again it goes on from its last checkpoint', {
  skip: process.platform === 'win32' && 'no limit on the size of files can be set',
}, async (t) => {
  const { dir, settings, whole } = await begun(t);
  const half = await RunFolder.create(path.join(dir, 'half'), settings);
  await train(half, settings, { stopAfter: 2 });
  const step2 = path.join('checkpoints', 'step-2');
  for (const file of ['samples.jsonl', path.join(step2, 'trainer.safetensors')]) {
    const full = new RunFolder(path.join(dir, `full-${path.basename(file)}`));
    cpSync(half.dir, full.dir, { recursive: true });
    const sentence = await runWhereFilesEndAt(statSync(path.join(half.dir, file)).size, resume(full));
    assert.match(
      sentence,
      /^unmask train grpo: (the checkpoint )?\S+ cannot be written: files of this size are not allowed there\.$/,
    );
    const state = await full.state();
    assert.deepEqual([state?.status, `unmask train grpo: ${state?.reason}`], ['failed', sentence]);
    assert.ok(!existsSync(path.join(full.dir, 'lock')));
    for (const name of readdirSync(path.join(half.dir, step2))) {
      const bytes = (of: RunFolder) => readFileSync(path.join(of.dir, step2, name));
      assert.ok(bytes(full).equals(bytes(half)), name);
    }
    await train(full, settings);
    await assertSameEnd(full, whole);
  }
});
