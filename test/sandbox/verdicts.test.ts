import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PythonBackend } from '../../server/sandbox/backends.ts';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import type { VerdictKind } from '../../server/sandbox/verdict.ts';
import { openSandbox, pythonTask, verdictOf } from '../support/sandbox.ts';
import { BACKENDS } from '../support/sandbox-worker.ts';

const TASK = pythonTask('def f(x): return x + 1', ['assert f(2) == 3', 'assert f(5) == 6']);

/** What a candidate does, its source, and the verdicts that are right for it. */
type Behaviour = [string, string, ...VerdictKind[]];

const ENDING: Behaviour[] = [
  ['computes the values', 'def f(x): return x + 1', 'passed'],
  ['computes one of them', 'def f(x): return 3', 'failed'],
  ['does not parse', 'def f(x) return 1', 'error'],
  ['is not Python at all', '\u0000\u0001\ufffd', 'error'],
  ['is empty', '', 'error'],
  ['defines another name', 'def g(x): return 1', 'error'],
  ['raises', 'def f(x): return 1 / 0', 'error'],
  ['exits', 'import sys\ndef f(x): sys.exit(0)', 'error'],
  ['leaves the process', 'import os\ndef f(x): os._exit(0)', 'crashed'],
  ['aborts the process', 'import os\ndef f(x): os.abort()', 'crashed'],
  ['prints a lot', 'def f(x):\n  for i in range(20): print("x" * 10**6)\n  return x + 1', 'passed'],
  ['asks for a huge list', 'def f(x): return len([0] * 10**9)', 'memory'],
  ['grows without end', 'def f(x):\n  l = []\n  while True: l.append(bytearray(10**6))', 'memory'],
  [
    'fills the disk',
    'def f(x):\n  with open("/tmp/big", "wb") as h:\n    for i in range(1000): h.write(b"0" * 10**6)',
    'forbidden',
  ],
  ['recurses', 'def f(x): return f(x)', 'error'],
  [
    'recurses past every limit',
    'import sys\nsys.setrecursionlimit(10**8)\ndef f(x): return f(x)',
    'error',
    'crashed',
    'memory',
    'timeout',
  ],
  ['forks without end', 'import os\ndef f(x):\n  while True: os.fork()', 'error', 'forbidden'],
  [
    'starts threads without end',
    'import threading, time\ndef f(x):\n  while True: threading.Thread(target=time.sleep, args=(9,)).start()',
    'error',
  ],
  ['returns a long list', 'def f(x): return list(range(10**6))', 'failed'],
  [
    'returns a deep list',
    'def f(x):\n  a = []\n  for i in range(10**5): a = [a]\n  return a',
    'failed',
    'crashed',
  ],
  ['returns a list that holds itself', 'def f(x):\n  a = []\n  a.append(a)\n  return a', 'failed'],
  ['returns an endless iterator', 'import itertools\ndef f(x): return itertools.count()', 'failed'],
  ['reads what nobody types', 'def f(x): return input()', 'error'],
  ['is too long', `x = "${'a'.repeat(70_000)}"\ndef f(x): return x + 1`, 'error'],
  ['divides by text', 'def f(x): return x + "1"', 'error'],
  ['computes the values after all of these', 'def f(x): return x + 1', 'passed'],
];

const ENDLESS: Behaviour[] = [
  ['loops', 'def f(x):\n  while True: pass', 'timeout'],
  ['loops at import', 'while True: pass', 'timeout'],
  [
    'loops and swallows the interrupt',
    'def f(x):\n  while True:\n    try:\n      while True: pass\n    except BaseException: pass',
    'timeout',
  ],
  ['loops in C', 'def f(x): return sum(range(10**12))', 'timeout'],
  ['sleeps', 'import time\ndef f(x): time.sleep(60)', 'timeout'],
  ['backtracks', 'import re\ndef f(x): return re.match("(a+)+$", "a" * 40 + "b")', 'timeout'],
  ['prints without end', 'def f(x):\n  while True: print("x" * 1000)', 'timeout'],
  [
    'grows and swallows MemoryError',
    'def f(x):\n  l = []\n  while True:\n    try: l.append(bytearray(10**6))\n    except MemoryError: pass',
    'memory',
    'timeout',
  ],
];

for (const { backend, skip } of BACKENDS) {
  judged(backend, skip, ENDING, 20_000);
  judged(backend, skip, ENDLESS, 400);
}

function judged(backend: PythonBackend, skip: string | false, rows: Behaviour[], timeoutMs: number): void {
  describe(`in the ${backend} sandbox a candidate that`, { skip }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ backend, timeoutMs });
    });
    after(() => sandbox.close());

    for (const [what, code, ...right] of rows) {
      test(`${what} is ${right.join(' or ')}`, async () => {
        const { verdict, detail } = await verdictOf(sandbox, TASK, code);
        assert.ok(right.includes(verdict), `${verdict}: ${detail}`);
      });
    }
  });
}
