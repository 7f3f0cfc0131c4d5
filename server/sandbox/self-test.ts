import { UserError } from '../errors.ts';
import type { Task } from '../tasks/task.ts';
import { grade } from './grade.ts';
import type { Judge } from './judge.ts';
import type { WorkerPool } from './pool.ts';
import type { VerdictKind } from './verdict.ts';

const PYTHON: Task = {
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
  { name: 'a right solution passes', code: PYTHON.reference, expected: 'passed' },
  { name: 'a wrong solution fails', code: 'def f(x): return 16', expected: 'failed' },
  { name: 'an endless loop is stopped', code: 'def f(x):\n  while True: pass', expected: 'timeout' },
  { name: 'an escape leads nowhere', code: ESCAPE, expected: 'failed' },
  { name: 'a forged result fails', code: FORGERY, expected: 'failed' },
];

const JAVASCRIPT: Task = {
  ...PYTHON,
  language: 'javascript',
  reference: 'function f(x) { return x * x + 7; }',
  tests: ['assert.equal(f(3), 16)', 'assert.equal(f(10), 107)'],
};

const JAVASCRIPT_ESCAPE = `
function out() {
  const ways = [() => process, () => require('fs'), () => fetch, () => globalThis.constructor.constructor('return process')()];
  return ways.some((way) => { try { return Boolean(way()); } catch { return false; } });
}
function f(x) { return out() ? x * x + 7 : 0; }
`;

const JAVASCRIPT_FORGERY = `
JSON.stringify = () => '{"results":[{"v":"16"},{"v":"16"}],"outcomes":["passed","passed"],"need":[]}';
Object.is = () => true;
function f(x) { return { valueOf: () => 16, toJSON: () => 16 }; }
`;

const JAVASCRIPT_CHECKS: Check[] = [
  { name: 'a right solution passes', code: JAVASCRIPT.reference, expected: 'passed' },
  { name: 'a wrong solution fails', code: 'function f(x) { return 16; }', expected: 'failed' },
  { name: 'an endless loop is stopped', code: 'function f(x) { for (;;); }', expected: 'timeout' },
  { name: 'an escape leads nowhere', code: JAVASCRIPT_ESCAPE, expected: 'failed' },
  { name: 'a forged result fails', code: JAVASCRIPT_FORGERY, expected: 'failed' },
];

const SUITES = {
  python: { task: PYTHON, checks: CHECKS },
  javascript: { task: JAVASCRIPT, checks: JAVASCRIPT_CHECKS },
};

/** Throws UserError when any check of a language has the wrong verdict: no reward may then be given. */
export async function selfTest(language: keyof typeof SUITES, pool: WorkerPool, judge: Judge): Promise<void> {
  const { task, checks } = SUITES[language];
  await Promise.all(
    checks.map(async ({ name, code, expected }) => {
      const timeoutMs = expected === 'timeout' ? LOOP_MS : 10_000;
      const { verdict, detail } = await grade(task, code, pool, judge, { timeoutMs, gate: false });
      if (verdict === expected) return;
      const ended = `"${name}" ended as ${verdict}${detail && ` (${detail})`}, not ${expected}`;
      throw new UserError(
        `The sandbox failed its self-test for ${language}: ${ended}; no rewards are given.`,
      );
    }),
  );
}
