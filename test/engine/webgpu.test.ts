import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { forwardsOn } from '../support/forwards-on-device.ts';
import { noSoftwareWebgpu, useSoftwareWebgpu } from '../support/software-webgpu.ts';

const SCRIPT = path.join(import.meta.dirname, '..', 'support', 'forwards-on-device.ts');

test('caches that WebGPU keeps hold what the memory of the process holds, which serves when it fails', {
  timeout: 180_000,
  skip: noSoftwareWebgpu,
}, async (t) => {
  useSoftwareWebgpu(t);
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', SCRIPT, 'webgpu']);
  const [actual, expected] = [JSON.parse(stdout) as number[][], await forwardsOn('cpu')];
  assert.deepEqual(
    actual.map(({ length }) => length),
    expected.map(({ length }) => length),
  );
  assert.match(stderr, /^The device webgpu failed, cpu is used: webgpu was lost$/m);
  for (const [i, states] of expected.entries()) {
    const difference = Math.max(...states.map((state, j) => Math.abs(state - actual[i][j])));
    assert.ok(difference < 1e-4, `forward ${i} differs by ${difference}`);
  }
});
