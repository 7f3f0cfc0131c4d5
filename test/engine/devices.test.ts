import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { engineCommand } from '../../server/engine/command.ts';
import { bestDevice, chooseDevice, probeDevices, rememberedReports } from '../../server/engine/devices.ts';
import { explain, probeInProcess } from '../../server/engine/probe-process.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { noSoftwareWebgpu, useSoftwareWebgpu } from '../support/software-webgpu.ts';

const OPTIONS = { timeout: 180_000 };

test('the device that gains most over the processor is used, the processor where none does', () => {
  const used = (...results: Parameters<typeof chooseDevice>[0]) =>
    chooseDevice(results).find(({ used }) => used)?.name;
  const takes = (milliseconds: number) => ({ milliseconds, cpuMilliseconds: 10 });
  assert.equal(used(['cuda', takes(2)], ['webgpu', takes(1)]), 'webgpu');
  assert.equal(used(['cuda', takes(2)], ['webgpu', { problem: 'is broken' }]), 'cuda');
  assert.equal(used(['webgpu', takes(11)]), 'cpu');
  const reports = chooseDevice([['webgpu', { problem: 'is broken' }]]);
  assert.deepEqual(reports[0], { name: 'webgpu', used: false, reason: 'is broken' });
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
  const result = '{"milliseconds": 1, "cpuMilliseconds": 5}';
  writeFileSync(script, `console.log(process.argv[3] === 'webgpu' ? '${result}' : '{"problem": "no"}')`);
  assert.equal(await bestDevice(storage), 'cpu');
  const reports = await probeDevices({ args: [script] }, storage);
  assert.deepEqual(await rememberedReports(storage), reports);
  assert.equal(await bestDevice(storage), 'webgpu');
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
  assert.equal(chooseDevice([['webgpu', result]])[0].used, false);
});
