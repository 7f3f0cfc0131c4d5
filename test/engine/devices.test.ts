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
  waysOf,
} from '../../server/engine/devices.ts';
import { loadOrt, type Ort } from '../../server/engine/ort.ts';
import { loopDifference } from '../../server/engine/probe-loop.ts';
import { writeProbeModel } from '../../server/engine/probe-model.ts';
import { explain, probeInProcess } from '../../server/engine/probe-process.ts';
import { plainly } from '../../server/engine/running.ts';
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

test('several steps a call are taken where they were tried and are right, and the reason is told', () => {
  const report = (loop: Parameters<typeof chooseDevice>[0][0][3]) =>
    chooseDevice([['cuda', takes(2), NONE, loop]])[0];
  const works = 'works: large products take 2.0 ms (half precision: the device has none)';
  assert.equal(report(undefined).loop, undefined);
  assert.equal(report(takes(2)).loop, true);
  assert.equal(report(takes(2)).reason, `${works}, on the processor 10.0 ms; several steps a call`);
  assert.deepEqual(report({ problem: 'its probe ended with code 3' }), {
    name: 'cuda',
    used: true,
    gain: 5,
    halfPrecision: false,
    loop: false,
    reason: `${works}, on the processor 10.0 ms; one step a call: its probe ended with code 3`,
  });
});

test('a loop is tried on CUDA in the faster precision', { skip: process.platform !== 'linux' }, async (t) => {
  const storage = temporaryFolder(t);
  const script = path.join(temporaryFolder(t), 'loops.cjs');
  // Half precision is faster, and the loop is right in it alone.
  writeFileSync(
    script,
    `const ways = process.argv.slice(4).join(' ');
     const milliseconds = { '': 2, half: 1, 'half loop': 1 }[ways];
     console.log(JSON.stringify(milliseconds ? { milliseconds, cpuMilliseconds: 5 } : { problem: 'no' }));`,
  );
  await probeDevices({ args: [script] }, storage);
  assert.deepEqual(await waysOf(storage, 'cuda'), { halfPrecision: true, loop: true });
  assert.deepEqual(await waysOf(storage, 'webgpu'), { halfPrecision: true, loop: false });
});

for (const halfPrecision of [false, true]) {
  const precision = halfPrecision ? 'half' : 'single';
  test(`the loop of the processor in ${precision} precision passes its probe`, OPTIONS, async () => {
    const result = await probeInProcess(engineCommand(), { device: 'cpu', halfPrecision, loop: true });
    assert.equal(result.problem, undefined);
  });
}

test('a loop that computes or reveals something else is found out', async (t) => {
  const ort = await loadOrt();
  const folder = await writeProbeModel(temporaryFolder(t));
  type Create = Ort['InferenceSession']['create'];
  /** A runtime that changes a number of an output of the loop, at a place from its end. */
  const changing = (name: string, fromEnd: number, by: number) => {
    const create = async (...args: Parameters<Create>) => {
      const session = await ort.InferenceSession.create(...args);
      const run = async (feeds: Parameters<typeof session.run>[0]) => {
        const out = await session.run(feeds);
        const data = out.fed_ids && out[name].data;
        if (data instanceof BigInt64Array) data[data.length - fromEnd] += BigInt(by);
        else if (data) (data as Float32Array)[data.length - fromEnd] += by;
        return out;
      };
      return { run, release: () => session.release() };
    };
    return { Tensor: ort.Tensor, InferenceSession: { create } } as unknown as Ort;
  };
  const difference = (runtime: Ort) => loopDifference(runtime, folder, { ...plainly('cpu'), loop: true });
  assert.ok((await difference(ort)) < 1e-5);
  assert.ok(Math.abs((await difference(changing('top_logits', 1, 0.5))) - 0.5) < 1e-5);
  assert.ok(Math.abs((await difference(changing('log_sum_exp', 1, -0.25))) - 0.25) < 1e-5);
  assert.ok(Number.isNaN(await difference(changing('top_logits', 1, Number.NaN))));
  for (const fromEnd of [1, 7])
    await assert.rejects(difference(changing('fed_ids', fromEnd, 1)), /it reveals other tokens/);
});

test('a device that is not there is told in half a sentence', OPTIONS, async (t) => {
  const command = engineCommand();
  assert.deepEqual(await probeInProcess(command, plainly(process.platform === 'win32' ? 'coreml' : 'dml')), {
    problem: 'not in the ONNX Runtime of this platform',
  });
  const script = path.join(temporaryFolder(t), 'dying.cjs');
  writeFileSync(script, 'process.exit(3)');
  assert.deepEqual(await probeInProcess({ args: [script] }, plainly('cuda')), {
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
  assert.deepEqual(await waysOf(storage, 'webgpu'), { halfPrecision: true, loop: false });
  assert.deepEqual(await waysOf(storage, 'cuda'), { halfPrecision: false, loop: false });
  process.env.VK_ICD_FILENAMES = `${process.env.VK_ICD_FILENAMES ?? ''}/other.json`;
  t.after(() => delete process.env.VK_ICD_FILENAMES);
  assert.equal(await rememberedReports(storage), undefined);
  assert.deepEqual(await waysOf(storage, 'webgpu'), { halfPrecision: false, loop: false });
});

test("WebGPU gives the processor's logits on a software driver, and is not chosen", {
  ...OPTIONS,
  skip: noSoftwareWebgpu,
}, async (t) => {
  useSoftwareWebgpu(t);
  const result = await probeInProcess(engineCommand(), plainly('webgpu'));
  assert.equal(result.problem, undefined);
  const half = await probeInProcess(engineCommand(), { ...plainly('webgpu'), halfPrecision: true });
  assert.deepEqual(half, NONE);
  assert.equal(chooseDevice([['webgpu', result, half]])[0].used, false);
});
