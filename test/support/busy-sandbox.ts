/** A process with a sandbox whose worker is in a loop that cannot be interrupted; prints the children's ids. */
import type { PythonBackend } from '../../server/sandbox/backends.ts';
import { openSandbox, pythonTask } from './sandbox.ts';

async function main(): Promise<void> {
  const sandbox = await openSandbox({ backend: process.argv[2] as PythonBackend, timeoutMs: 600_000 });
  const task = pythonTask('def f(x): return x', ['assert f(1) == 1']);
  void sandbox.verdict({ task, code: 'def f(x): return sum(range(10**13))' });
  const { workers, judge } = sandbox.pids;
  process.stdout.write(JSON.stringify([...workers, judge]));
}

void main();
