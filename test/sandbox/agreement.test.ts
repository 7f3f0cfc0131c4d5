import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compareWithNative, drawMutants } from '../../bench/sandbox/agreement.ts';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import { NO_PYTHON } from '../support/native-python.ts';
import { openSandbox } from '../support/sandbox.ts';
import { BACKENDS } from '../support/sandbox-worker.ts';

const FILE = path.join(import.meta.dirname, '../fixtures/sandbox/mbpp-prompt.jsonl');

for (const { backend, skip } of BACKENDS) {
  describe(`the ${backend} sandbox and plain python3`, { skip: skip || NO_PYTHON }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ backend, timeoutMs: 10_000 });
    });
    after(() => sandbox.close());

    test('agree on published references', async () => {
      const { tasks } = await readTasks(FILE);
      const { passed, differ } = await compareWithNative(
        sandbox,
        tasks,
        tasks.map((task) => task.reference),
      );
      assert.deepEqual(differ, []);
      assert.equal(passed, 10);
    });

    test('agree on their one-token mutants', async () => {
      const { tasks } = await readTasks(FILE);
      const mutants = await drawMutants(sandbox, tasks, 60);
      const { passed, differ } = await compareWithNative(sandbox, mutants.tasks, mutants.programs);
      assert.deepEqual(differ, []);
      assert.ok(passed < 30);
    });
  });
}
