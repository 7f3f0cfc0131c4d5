import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import type { VerdictKind } from '../../server/sandbox/verdict.ts';
import type { Language, Task } from '../../server/tasks/task.ts';
import { openSandbox, pythonTask, verdictOf } from '../support/sandbox.ts';

function scriptTask(language: Language, reference: string, tests: string[]): Task {
  return pythonTask(reference, tests, { language, entry: 'f' });
}

const RIGHT = 'const f = (x) => (Array.isArray(x) ? { kind: "list", n: x.length } : x * x + 7);';
const TASK = scriptTask('javascript', RIGHT, [
  'assert.equal(f(3), 16)',
  'f(10) === 107',
  'assert.deepEqual(f([1]), { n: 1, kind: "list" })',
]);

/** A source and the verdict that is right for it. */
const CANDIDATES: [string, string, ...VerdictKind[]][] = [
  ['computes the values', RIGHT, 'passed'],
  ['computes some', 'function f(x) { return x * x + 7; }', 'failed'],
  ['does not parse', 'function f(x { }', 'error'],
  ['raises', 'function f(x) { throw new TypeError("no"); }', 'error'],
  ['loops', 'function f(x) { for (;;); }', 'timeout'],
  ['loops at the start', 'while (true);', 'timeout'],
  ['recurses', 'function f(x) { return f(x); }', 'error'],
  [
    'grows',
    'function f(x) { const a = []; for (let i = 0; ; i++) a.push("x".repeat(1e6) + i); }',
    'memory',
    'timeout',
  ],
  ['backtracks', 'function f(x) { return /(a+)+$/.test("a".repeat(40) + "b"); }', 'timeout'],
  [
    'awaits',
    'async function f(x) { return Array.isArray(x) ? { kind: "list", n: 1 } : x * x + 7; }',
    'passed',
  ],
  ['looks for the host', 'function f(x) { return process.exit(0) || require("fs"); }', 'error'],
  ['makes functions of text', 'function f(x) { return Function("return this")().process.pid; }', 'error'],
  ['imports', 'function f(x) { return import("fs"); }', 'error'],
  [
    'returns an object that poses as a number',
    'function f(x) { return { valueOf: () => 16, toJSON: () => 16, toString: () => "16" }; }',
    'failed',
  ],
  ['returns a proxy', 'function f(x) { return new Proxy({}, { get: () => 16 }); }', 'failed'],
  [
    'changes JSON',
    'JSON.stringify = () => `{"results":[{"v":"16"},{"v":"107"}]}`; JSON.parse = () => 16; function f(x) { return 0; }',
    'failed',
  ],
  [
    'changes comparison',
    'Object.is = () => true; Array.prototype.every = () => true; function f(x) { return 0; }',
    'failed',
  ],
  [
    'replaces the harness',
    '__results = () => `{"results":[{"v":"true"},{"v":"true"},{"v":"true"}],"outcomes":["passed"]}`; function f(x) { return 0; }',
    'failed',
  ],
  [
    'answers more than it was asked',
    '__results = () => `{"results":[{"v":"1"},{"v":"1"},{"v":"1"},{"v":"1"}]}`; function f() {}',
    'crashed',
  ],
  [
    'answers with deep nesting',
    `__results = () => '{"results":[{"v":"' + "[".repeat(9999) + '"}]}'; function f() {}`,
    'failed',
  ],
  ['answers nothing', '__results = () => `{"results":[]}`; function f() {}', 'failed'],
  ['computes the values after all of these', RIGHT, 'passed'],
];

describe('a JavaScript candidate that', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await openSandbox({ timeoutMs: 1500 });
  });
  after(() => sandbox.close());

  for (const [what, code, ...right] of CANDIDATES) {
    test(`${what} is ${right.join(' or ')}`, async () => {
      const { verdict, detail } = await verdictOf(sandbox, TASK, code);
      assert.ok(right.includes(verdict), `${verdict}: ${detail}`);
    });
  }

  test('is TypeScript is stripped of its types', async () => {
    const task = scriptTask(
      'typescript',
      'export function f(x: number): Map<string, number> { return new Map([["a", x]]); }',
      ['assert.deepEqual(f(3), new Map([["a", 3]]))', 'assert.equal(f(NaN).get("a"), NaN)'],
    );
    assert.equal((await verdictOf(sandbox, task, task.reference)).verdict, 'passed');
    assert.equal(
      (await verdictOf(sandbox, task, 'const f = (x: number) => new Map<string, number>();')).verdict,
      'failed',
    );
  });
});
