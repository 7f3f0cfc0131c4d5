import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import { attempts, openSandbox, pythonTask, verdictOf } from '../support/sandbox.ts';
import { BACKENDS } from '../support/sandbox-worker.ts';

const RIGHT = 'def f(x):\n  return "list" if isinstance(x, list) else x * x + 7';
const TASK = pythonTask(RIGHT, ['assert f(3) == 16', 'assert f(10) == 107', 'assert f([1]) == "list"']);

for (const { backend, skip } of BACKENDS) {
  describe(`in the ${backend} sandbox a candidate that does not compute the values`, { skip }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ backend });
    });
    after(() => sandbox.close());

    for (const { name, code } of attempts('forgeries.py')) {
      test(`does not pass by ${name}`, async () => {
        const { verdict, passed, detail } = await verdictOf(sandbox, TASK, code);
        assert.notEqual(verdict, 'passed');
        assert.notEqual(verdict, 'infra', detail);
        assert.equal(passed, 0);
      });
    }

    test('does not keep a right one after it from passing, nor a wrong one from failing', async () => {
      assert.equal((await verdictOf(sandbox, TASK, RIGHT)).verdict, 'passed');
      assert.equal((await verdictOf(sandbox, TASK, 'def f(x): return 0')).verdict, 'failed');
    });
  });
}
