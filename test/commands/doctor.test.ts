import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { rememberedReports } from '../../server/engine/devices.ts';
import { describeMachine } from '../../server/engine/machine.ts';
import { defaultModelDir } from '../../server/models/installed.ts';
import { openModel } from '../../server/models/registry.ts';
import { temporaryFolder } from '../support/engine-lab.ts';
import { runCli } from '../support/run-cli.ts';

const DEVICES = ['cuda', 'webgpu', 'dml', 'coreml', 'cpu'];
const OPTIONS = { timeout: 240_000 };

test('the doctor tells versions, devices, the model, the engine and the counters', OPTIONS, async (t) => {
  const storage = temporaryFolder(t);
  mkdirSync(storage, { recursive: true });
  writeFileSync(path.join(storage, 'acceptance.json'), '{"offered": 7, "accepted": 3}');
  const { weightsHash } = await openModel(defaultModelDir());
  const measured = {
    threads: [
      [1, 9],
      [2, 5],
    ],
    activations: [],
    windows: [
      [4, 3],
      [3, 2],
    ],
  };
  const models = Object.fromEntries(DEVICES.map((device) => [`${weightsHash} ${device}`, measured]));
  writeFileSync(
    path.join(storage, 'measurements.json'),
    JSON.stringify({ machine: describeMachine(), models }),
  );
  const { code, stdout } = await runCli('doctor', '--json', '--storage', storage);
  assert.equal(code, 0);
  const report = JSON.parse(stdout);
  assert.equal(report.node, process.version);
  assert.deepEqual(
    report.devices.map(({ name }: { name: string }) => name),
    DEVICES,
  );
  assert.ok(report.devices.every(({ reason }: { reason: string }) => reason !== ''));
  const used = report.devices.filter(({ used }: { used: boolean }) => used);
  assert.deepEqual(
    used.map(({ name }: { name: string }) => name),
    [report.engine.device],
  );
  assert.deepEqual(await rememberedReports(storage), report.devices);
  assert.equal(report.model.name, 'unmask-135m');
  assert.match(report.model.weights, /^[0-9a-f]{16}$/);
  assert.ok(report.engine.residentBytes > report.model.bytes);
  assert.deepEqual(report.measured, {
    threads: '2 (1: 9.0 ms, 2: 5.0 ms)',
    window: '3 (4: 3.0 ms, 3: 2.0 ms)',
  });
  assert.equal(report.acceptance.offered, 7);
  assert.equal(report.acceptance.accepted, 3);
});

test('the doctor names what is wrong with a model and goes on', OPTIONS, async () => {
  const { code, stdout } = await runCli('doctor', '--model', '/nowhere');
  assert.equal(code, 0);
  assert.match(stdout, /^model:\n {2}error: \/nowhere is not a model folder/m);
  assert.match(stdout, /^acceptance:/m);
});
