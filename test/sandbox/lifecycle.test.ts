import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import { isRunning } from '../support/processes.ts';
import { openSandbox, pythonTask, verdictOf } from '../support/sandbox.ts';
import { BACKENDS } from '../support/sandbox-worker.ts';

const TASK = pythonTask('def f(x): return x + 1', ['assert f(2) == 3', 'assert f(5) == 6']);
const RIGHT = 'def f(x): return x + 1';
/** Runs long enough for the process to be killed meanwhile; a loop in C that nothing can interrupt. */
const BUSY = 'def f(x):\n  sum(range(2 * 10**6))\n  return x + 1';

for (const { backend, skip } of BACKENDS) {
  describe(`the ${backend} sandbox`, { skip }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ backend, timeoutMs: 60_000 });
    });
    after(() => sandbox.close());

    test('gives the same verdict when its worker is killed', async () => {
      const verdict = verdictOf(sandbox, TASK, BUSY);
      for (const pid of sandbox.pids.workers) process.kill(pid, 'SIGKILL');
      assert.equal((await verdict).verdict, 'passed');
    });

    test('gives the same verdict when its judge is killed', async () => {
      const verdict = verdictOf(sandbox, TASK, BUSY);
      process.kill(sandbox.pids.judge as number, 'SIGKILL');
      assert.equal((await verdict).verdict, 'passed');
      assert.equal((await verdictOf(sandbox, TASK, RIGHT)).verdict, 'passed');
    });

    test('ends a running candidate when the caller aborts, and serves the next', async () => {
      const abort = new AbortController();
      const verdict = sandbox.verdict(
        { task: TASK, code: 'def f(x): return sum(range(10**12))' },
        abort.signal,
      );
      abort.abort();
      await assert.rejects(verdict, { name: 'AbortError' });
      assert.equal((await verdictOf(sandbox, TASK, RIGHT)).verdict, 'passed');
    });

    test('ends its processes when there is nothing to do, and starts new ones for the next candidate', async () => {
      const brief = await openSandbox({ backend, idleMs: 1 });
      const before = [...brief.pids.workers, brief.pids.judge as number];
      assert.equal((await verdictOf(brief, TASK, RIGHT)).verdict, 'passed');
      while (before.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await verdictOf(brief, TASK, RIGHT)).verdict, 'passed');
      brief.close();
    });

    test('keeps the order of the candidates', async () => {
      const tasks = Array.from({ length: 24 }, (_, i) => ({ ...TASK, id: String(i) }));
      const candidates = tasks.map((task, i) => ({
        task,
        code: i % 3 === 0 ? BUSY : i % 3 === 1 ? RIGHT : 'def f(x): return 0',
      }));
      const seen: string[] = [];
      for await (const { taskId, verdict } of sandbox.verdicts(candidates)) seen.push(`${taskId} ${verdict}`);
      assert.deepEqual(
        seen,
        tasks.map(({ id }, i) => `${id} ${i % 3 === 2 ? 'failed' : 'passed'}`),
      );
    });

    test('leaves no process when its parent is killed in the middle of a run', {
      skip: process.platform !== 'linux' && 'reads /proc',
    }, async () => {
      const program = path.join(import.meta.dirname, '../support/busy-sandbox.ts');
      const parent = spawn(process.execPath, ['--import', 'tsx', program, backend], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const pids: number[] = JSON.parse(
        String(await new Promise((resolve) => parent.stdout.once('data', resolve))),
      );
      assert.ok(pids.length >= 2);
      assert.deepEqual(pids.filter(isRunning), pids);
      parent.kill('SIGKILL');
      while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });
}
