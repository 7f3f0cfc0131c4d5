import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runCli } from '../support/run-cli.ts';
import { savedTrace } from '../webview/support/traces.ts';

const FILE = path.join(import.meta.dirname, '../fixtures/traces/verified.trace.json');

test('a saved trace is replayed step by step', async () => {
  const { code, stdout, stderr } = await runCli('trace', FILE, '--speed', '100');
  assert.equal(code, 0);
  const { text, steps } = savedTrace('verified');
  assert.equal(stdout, `${text}\n`);
  const lines = stderr.split('\n').filter((line) => line.includes('│'));
  assert.equal(lines.length, steps.length);
  assert.match(lines[1], /return\[ fib\].*↶3$/);
});

test('its figures as JSON, without the picture', async () => {
  const { code, stdout, stderr } = await runCli('trace', FILE, '--json');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  const { forwards, tpf, rollbacks } = savedTrace('verified');
  const found = JSON.parse(stdout);
  assert.deepEqual(
    [found.tokens, found.forwards, found.tpf, found.rollbacks],
    [20, forwards, tpf, rollbacks],
  );
});

test('what is no trace ends with one sentence', async () => {
  const { code, stderr } = await runCli('trace', path.join(import.meta.dirname, '../../package.json'));
  assert.equal(code, 1);
  assert.match(stderr, /^unmask trace: .*package\.json is not a trace of Unmask.*\n$/);
  assert.equal((await runCli('trace', FILE, '--speed', '0')).code, 2);
});
