import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser, ForwardRequest } from '../../server/decode/denoiser.ts';
import { nextDevice } from '../../server/engine/devices.ts';
import { type Devices, FallbackDenoiser } from '../../server/engine/fallback-denoiser.ts';
import { describeMachine } from '../../server/engine/machine.ts';
import { loadOrt } from '../../server/engine/ort.ts';
import { OrtDenoiser } from '../../server/engine/ort-denoiser.ts';
import { openModel } from '../../server/models/registry.ts';
import { writeWhole } from '../../server/models/safetensors-writer.ts';
import type { RunningDevice } from '../../server/protocol.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { LETTERS } from '../support/tiny-model.ts';

/** Devices that all are the processor, of which some cannot be opened and others fail in a forward, counted from 1. */
async function brokenDevices(faults: Partial<Record<RunningDevice, 'open' | number>>) {
  const folder = await openModel(path.join(FIXTURES, 'llama-tied-window'));
  const spec = { ...folder.spec, maskTokenId: 7, suppressedTokenIds: [7], stopTokenIds: [3], blockSize: 6 };
  const ort = await loadOrt();
  const opened: RunningDevice[] = [];
  const order: RunningDevice[] = ['cuda', 'webgpu', 'cpu'];
  const devices: Devices = {
    async open(device) {
      opened.push(device);
      const fault = faults[device];
      if (fault === 'open') throw new Error(`${device} is not there`);
      const denoiser = await OrtDenoiser.open(ort, { ...folder, spec }, 1);
      let forwards = 0;
      return {
        spec,
        newCache: () => denoiser.newCache(),
        async forward(request: ForwardRequest) {
          forwards++;
          if (forwards === fault) throw new Error(`${device} is out of memory`);
          return denoiser.forward(request);
        },
        release: () => denoiser.release(),
      };
    },
    next: async (failed) => order[order.indexOf(failed) + 1],
  };
  return { devices, opened };
}

const PROMPT = [5, 11, 40, 2, 9];

async function steps(denoiser: Denoiser, mode: 'verified' | 'threshold') {
  const settings = { mode, threshold: 0.02, maxTokens: 24 };
  const hooks = { cancelled: () => false, candidates: 0 };
  const decoded = await decode(denoiser, LETTERS, denoiser.newCache(), PROMPT, settings, hooks);
  return decoded.steps.map((step) => ({ ...step, milliseconds: 0 }));
}

for (const mode of ['verified', 'threshold'] as const) {
  test(`${mode}: devices that fail one after the other do not change a step`, async () => {
    const { devices } = await brokenDevices({});
    const expected = await steps(await FallbackDenoiser.open(devices, 'cpu'), mode);
    const broken = await brokenDevices({ cuda: 3, webgpu: 2 });
    const denoiser = await FallbackDenoiser.open(broken.devices, 'cuda');
    assert.equal(denoiser.device, 'cuda');
    assert.deepEqual(await steps(denoiser, mode), expected);
    assert.equal(denoiser.device, 'cpu');
    assert.deepEqual(broken.opened, ['cuda', 'webgpu', 'cpu']);
    await denoiser.release();
  });
}

test('a device that cannot be opened is passed over, and what the processor says of itself is thrown', async () => {
  const { devices, opened } = await brokenDevices({ cuda: 'open', webgpu: 'open', cpu: 1 });
  const denoiser = await FallbackDenoiser.open(devices, 'cuda');
  assert.deepEqual(opened, ['cuda', 'webgpu', 'cpu']);
  await assert.rejects(steps(denoiser, 'verified'), /^Error: cpu is out of memory$/);
  await denoiser.release();
  const nothing = await brokenDevices({ webgpu: 'open', cpu: 'open' });
  await assert.rejects(FallbackDenoiser.open(nothing.devices, 'webgpu'), /^Error: cpu is not there$/);
});

test('after a device comes the one that gained most of those that gained less, in the end the processor', async (t) => {
  const storage = temporaryFolder(t);
  assert.equal(await nextDevice(storage, 'cuda'), 'cpu');
  const report = (name: RunningDevice, gain?: number) => ({ name, used: name === 'cuda', gain, reason: '' });
  const reports = [
    report('cuda', 9),
    report('webgpu', 4),
    report('dml', 0.5),
    report('coreml'),
    report('cpu', 1),
  ];
  await writeWhole(
    path.join(storage, 'devices.json'),
    JSON.stringify({ machine: describeMachine(), reports }),
  );
  assert.equal(await nextDevice(storage, 'cuda'), 'webgpu');
  assert.equal(await nextDevice(storage, 'webgpu'), 'cpu');
  assert.equal(await nextDevice(storage, 'coreml'), 'cpu');
});
