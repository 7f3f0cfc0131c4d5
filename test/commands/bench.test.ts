import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasEngineEnvironment } from '../../server/bench/engine-environment.ts';
import { ENGINE_ENVIRONMENT } from '../../server/engine/engine-process.ts';
import { runCli } from '../support/run-cli.ts';

test('the environment of an engine is told from others', () => {
  assert.equal(hasEngineEnvironment({ ...process.env, ...ENGINE_ENVIRONMENT }), true);
  assert.equal(hasEngineEnvironment({}), false);
  assert.equal(hasEngineEnvironment({ ...ENGINE_ENVIRONMENT, GLIBC_TUNABLES: 'other' }), false);
});

test('bench passes on what the process says that measures, and its exit code', async () => {
  const { code, stdout, stderr } = await runCli('bench', '--json', '--model', '/nowhere');
  assert.equal(code, 1);
  assert.equal(stdout, '');
  // Said once, by the child.
  assert.equal(stderr.match(/\/nowhere is not a model folder/g)?.length, 1);
});

test('bench is not run again for a wrong call', async () => {
  const { code, stderr } = await runCli('bench', 'something');
  assert.equal(code, 2);
  assert.match(stderr, /unexpected argument 'something'/);
});
