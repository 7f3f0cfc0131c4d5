import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { engineCommand } from '../../server/engine/command.ts';
import {
  bestDevice,
  chooseDevice,
  probeDevices,
  rememberedReports,
  usesHalfPrecision,
} from '../../server/engine/devices.ts';
import { explain, probeInProcess } from '../../server/engine/probe-process.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { noSoftwareWebgpu, useSoftwareWebgpu } from '../support/software-webgpu.ts';

const OPTIONS = { timeout: 180_000 };

const NONE = { problem: 'the device has none' };
const takes = (milliseconds: number) => ({ milliseconds, cpuMilliseconds: 10 });

test('the device that gains most over the processor is used, the processor where none does', () => {
  const used = (...results: Parameters<typeof chooseDevice>[0]) =>
    chooseDevice(results).find(({ used }) => used)?.name;
  assert.equal(used(['cuda', takes(2), NONE], ['webgpu', takes(1), NONE]), 'webgpu');
  assert.equal(used(['cuda', takes(2), NONE], ['webgpu', { problem: 'is broken' }, NONE]), 'cuda');
  assert.equal(used(['cuda', takes(2), takes(0.5)], ['webgpu', takes(1), NONE]), 'cuda');
  assert.equal(used(['webgpu', takes(11), NONE]), 'cpu');
  assert.equal(used(['webgpu', takes(11), takes(9)]), 'webgpu');
  const reports = chooseDevice([['webgpu', { problem: 'is broken' }, NONE]]);
  assert.deepEqual(reports[0], { name: 'webgpu', used: false, reason: 'is broken' });
});

test('half precision is used where it is right and faster, and the reason is told', () => {
  const report = (half: Parameters<typeof chooseDevice>[0][0][2]) =>
    chooseDevice([['webgpu', takes(2), half]])[0];
  assert.deepEqual(report(takes(1)), {
    name: 'webgpu',
    used: true,
    gain: 10,
    halfPrecision: true,
    reason: 'works: large products take 2.0 ms (1.0 ms in half precision), on the processor 10.0 ms',
  });
  assert.equal(report(takes(3)).halfPrecision, false);
  assert.deepEqual(report(NONE), {
    name: 'webgpu',
    used: true,
    gain: 5,
    halfPrecision: false,
    reason:
      'works: large products take 2.0 ms (half precision: the device has none), on the processor 10.0 ms',
  });
});

test('a device that is not there is told in half a sentence', OPTIONS, async (t) => {
  const command = engineCommand();
  assert.deepEqual(await probeInProcess(command, process.platform === 'win32' ? 'coreml' : 'dml'), {
    problem: 'not in the ONNX Runtime of this platform',
  });
  const script = path.join(temporaryFolder(t), 'dying.cjs');
  writeFileSync(script, 'process.exit(3)');
  assert.deepEqual(await probeInProcess({ args: [script] }, 'cuda'), {
    problem: 'its probe ended with code 3',
  });
  assert.match(explain('some library\nfailed'), /^some library$/);
});

test('what was found is remembered until the machine changes', async (t) => {
  const storage = temporaryFolder(t);
  const dir = temporaryFolder(t);
  const script = path.join(dir, 'fast-webgpu.cjs');
  const result = `{ milliseconds: process.argv[4] === 'half' ? 1 : 2, cpuMilliseconds: 5 }`;
  const answer = `process.argv[3] === 'webgpu' ? ${result} : { problem: 'no' }`;
  writeFileSync(script, `console.log(JSON.stringify(${answer}))`);
  assert.equal(await bestDevice(storage), 'cpu');
  const reports = await probeDevices({ args: [script] }, storage);
  assert.deepEqual(await rememberedReports(storage), reports);
  assert.equal(await bestDevice(storage), 'webgpu');
  assert.equal(await usesHalfPrecision(storage, 'webgpu'), true);
  assert.equal(await usesHalfPrecision(storage, 'cuda'), false);
  process.env.VK_ICD_FILENAMES = `${process.env.VK_ICD_FILENAMES ?? ''}/other.json`;
  t.after(() => delete process.env.VK_ICD_FILENAMES);
  assert.equal(await rememberedReports(storage), undefined);
});

test("WebGPU gives the processor's logits on a software driver, and is not chosen", {
  ...OPTIONS,
  skip: noSoftwareWebgpu,
}, async (t) => {
  useSoftwareWebgpu(t);
  const result = await probeInProcess(engineCommand(), 'webgpu');
  assert.equal(result.problem, undefined);
  const half = await probeInProcess(engineCommand(), 'webgpu', true);
  assert.deepEqual(half, NONE);
  assert.equal(chooseDevice([['webgpu', result, half]])[0].used, false);
});
