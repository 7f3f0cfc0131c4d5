import { UserError } from '../errors.ts';
import type { Task } from '../tasks/task.ts';
import { grade } from './grade.ts';
import type { Judge } from './judge.ts';
import type { WorkerPool } from './pool.ts';
import type { VerdictKind } from './verdict.ts';

const TASK: Task = {
  id: 'self-test',
  text: '',
  language: 'python',
  entry: 'f',
  prefix: '',
  reference: 'def f(x): return x * x + 7',
  setup: '',
  tests: ['assert f(3) == 16', 'assert f(10) == 107'],
  shown: 0,
  level: 0,
  split: '',
};

const LOOP_MS = 300;

interface Check {
  name: string;
  code: string;
  expected: VerdictKind;
}

/** Every way out raises inside the candidate; one that did not would return the right values and pass. */
const ESCAPE = `
import os, sys
def attempt(action):
    try:
        return action()
    except BaseException:
        return None
def out():
    for name in ('js', 'pyodide_js', '_pyodide_core', 'ctypes', 'subprocess', 'socket'):
        sys.modules.pop(name, None)
    ways = (
        lambda: __import__('js').process,
        lambda: __import__('pyodide.code').code.run_js('1'),
        lambda: __import__('subprocess').check_output(['id']),
        lambda: __import__('socket').create_connection(('127.0.0.1', 9), 0.1),
        lambda: open('/etc/passwd').read(),
        lambda: os.listdir('/root') or os.listdir('/home').remove('pyodide'),
        lambda: os.system('exit 0') == 0,
    )
    return any(attempt(way) for way in ways)
def f(x):
    return x * x + 7 if out() else 0
`;

const FORGERY = `
import builtins
class Any(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
builtins.AssertionError = ZeroDivisionError
def f(x): return Any(1)
`;

const CHECKS: Check[] = [
  { name: 'a right solution passes', code: TASK.reference, expected: 'passed' },
  { name: 'a wrong solution fails', code: 'def f(x): return 16', expected: 'failed' },
  { name: 'an endless loop is stopped', code: 'def f(x):\n  while True: pass', expected: 'timeout' },
  { name: 'an escape leads nowhere', code: ESCAPE, expected: 'failed' },
  { name: 'a forged result fails', code: FORGERY, expected: 'failed' },
];

/** Throws UserError when any check has the wrong verdict: no reward may then be given. */
export async function selfTest(pool: WorkerPool, judge: Judge): Promise<void> {
  await Promise.all(
    CHECKS.map(async ({ name, code, expected }) => {
      const timeoutMs = expected === 'timeout' ? LOOP_MS : 10_000;
      const { verdict, detail } = await grade(TASK, code, pool, judge, { timeoutMs, gate: false });
      if (verdict === expected) return;
      throw new UserError(
        `The sandbox failed its self-test: "${name}" ended as ${verdict}${detail ? ` (${detail})` : ''}, not ${expected}; no rewards are given.`,
      );
    }),
  );
}
