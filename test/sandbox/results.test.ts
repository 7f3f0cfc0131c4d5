import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseRunReport } from '../../server/sandbox/results.ts';

const PYTHON = path.join(import.meta.dirname, '../../server/sandbox/python');

test('a reply of the right form is read, its values left as text', () => {
  const text = '{"results":[{"v":"1.0"},{"u":"type A"},{"e":{"type":"ValueError","message":"no"}}]}';
  assert.deepEqual(parseRunReport(text, 3), {
    kind: 'results',
    results: [{ v: '1.0' }, { u: 'type A' }, { e: { type: 'ValueError', message: 'no' } }],
  });
  assert.deepEqual(parseRunReport('{"load":{"type":"SyntaxError"}}', 1), {
    kind: 'load',
    type: 'SyntaxError',
    message: '',
  });
  assert.deepEqual(parseRunReport('{"forbidden":"import os"}', 1), {
    kind: 'forbidden',
    reason: 'import os',
  });
});

for (const text of [
  '',
  'null',
  '[]',
  '7',
  '{}',
  '{"results":{}}',
  '{"results":[{"v":16}]}',
  '{"results":[{"v":true}]}',
  '{"results":[null]}',
  '{"results":[[]]}',
  '{"results":[{"e":"x"}]}',
  '{"results":[{"e":{"type":1}}]}',
  '{"results":[{"v":"1"},{"v":"1"},{"v":"1"}]}',
  '{"results":[{"v":"1"}]} {}',
  '{"outcomes":["passed"]}',
]) {
  test(`a reply of the form ${text || '(nothing)'} is refused`, () => {
    assert.equal(parseRunReport(text, 2), undefined);
  });
}

test('a value that nests deeper than any that is encoded never reaches the judge', () => {
  const deep = (n: number) => JSON.stringify({ results: [{ v: '["l",['.repeat(n) + ']]'.repeat(n) }] });
  assert.deepEqual(parseRunReport(deep(50_000), 1), { kind: 'results', results: [{ u: 'too deep' }] });
  assert.ok('v' in (parseRunReport(deep(60), 1) as { results: object[] }).results[0]);
  // Brackets inside of texts do not count.
  const text = JSON.stringify({ results: [{ v: JSON.stringify(`\\"${'['.repeat(1000)}`) }] });
  assert.ok('v' in (parseRunReport(text, 1) as { results: object[] }).results[0]);
});

test('the Python sources, which share one namespace, define no name twice', () => {
  const owner = new Map<string, string>();
  for (const file of readdirSync(PYTHON).filter(
    (name) => !['forkserver.py', 'scrub.py', 'preload.py'].includes(name),
  )) {
    const source = readFileSync(path.join(PYTHON, file), 'utf8');
    for (const match of source.matchAll(/^(?:def|class) (\w+)|^(\w+) = /gm)) {
      const name = match[1] ?? match[2];
      assert.equal(owner.get(name), undefined, `${name} in ${file} and ${owner.get(name)}`);
      owner.set(name, file);
    }
  }
  assert.ok(owner.size > 40);
});
