import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { type Launch, launchNode } from './launch.ts';

/** Where Python candidates run: in the interpreter of every platform, or, on Linux, in forks of the system's python3. */
export type PythonBackend = 'pyodide' | 'native';

const OLDEST_PYTHON = [3, 9];

/** How candidates' processes are started. The judge always runs in Pyodide. */
export function launchPython(backend: PythonBackend, runtime: string, snapshot: string): Launch {
  if (backend === 'pyodide') return launchPyodide(runtime, snapshot);
  const python = findPython();
  if ('missing' in python) throw new UserError(`The native sandbox cannot be used: ${python.missing}.`);
  return {
    command: python.executable,
    args: ['-I', '-S', path.join(runtime, 'forkserver.py'), String(process.pid)],
    env: { PYTHONHASHSEED: '0' },
  };
}

export function launchPyodide(runtime: string, snapshot: string): Launch {
  return launchNode(runtime, 'python-worker.js', ['--snapshot', snapshot], [snapshot]);
}

/** The system's Python, past any shim, or why it cannot serve. */
export function findPython(): { executable: string; version: string } | { missing: string } {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: `it needs Linux on x64, this is ${process.platform} on ${process.arch}` };
  }
  const script = 'import sys; print(sys.executable); print(sys.version.split()[0])';
  const { status, stdout } = spawnSync('python3', ['-I', '-c', script], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status !== 0) return { missing: 'no python3 is on the path' };
  const [executable, version] = stdout.trim().split('\n');
  const [major, minor] = version.split('.').map(Number);
  if (major !== OLDEST_PYTHON[0] || minor < OLDEST_PYTHON[1]) {
    return { missing: `python3 is ${version}, older than ${OLDEST_PYTHON.join('.')}` };
  }
  return { executable, version };
}
