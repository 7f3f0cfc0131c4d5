import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { parseTrajectory } from '../../server/trajectory-file.ts';
import { savedTrace } from '../webview/support/traces.ts';

function problemOf(text: string): string {
  try {
    parseTrajectory(text, 'a.trace.json');
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.message;
  }
  assert.fail('nothing was refused');
}

/** What is said of a good trace with one value exchanged; undefined takes it out. */
function problemWith(path: (string | number)[], value: unknown): string {
  const trace = savedTrace('verified');
  let inside = trace as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) inside = inside[key] as Record<string | number, unknown>;
  inside[path[path.length - 1]] = value;
  return problemOf(JSON.stringify(trace));
}

for (const mode of ['ar', 'threshold', 'verified']) {
  test(`a recorded ${mode} trace is read`, () => {
    const trace = savedTrace(mode);
    assert.deepEqual(parseTrajectory(JSON.stringify(trace), 'a'), trace);
  });
}

test('what is no trace is refused', () => {
  assert.match(problemOf('{"format":'), /a\.trace\.json is not JSON/);
  for (const text of ['null', '3', '[]', '{}', '{"format":"other"}'])
    assert.match(problemOf(text), /not a trace/);
});

test('a later version is refused with the version', () => {
  assert.match(problemWith(['version'], 2), /has version 2 and this Unmask reads version 1/);
});

const FAULTS: [key: string, path: (string | number)[], value: unknown][] = [
  ['steps', ['steps'], undefined],
  ['model', ['model'], 3],
  ['tpf.total', ['tpf', 'total'], null],
  ['settings.mode', ['settings', 'mode'], 'magic'],
  ['prompt.prefix', ['prompt', 'prefix'], undefined],
  ['responseIds[1]', ['responseIds', 1], -1],
  ['responseTexts', ['responseTexts'], ['a']],
  ['steps[3].revealed[0].confidence', ['steps', 3, 'revealed', 0, 'confidence'], 'high'],
  ['steps[1].window[0]', ['steps', 1, 'window', 0], 'x'],
  // A step is missing.
  ['steps[2].index', ['steps'], savedTrace('verified').steps.toSpliced(2, 1)],
  // Positions far away would fill the memory with masked tokens.
  ['steps[1].windowStart', ['steps', 1, 'windowStart'], 1e9],
  ['steps[0].revealed', ['steps', 0, 'revealed', 0, 'position'], 1e9],
  ['steps[0].rolledBack', ['steps', 0, 'rolledBack'], [1e9]],
  ['steps[0].settled', ['steps', 0, 'settled'], 1e9],
];

for (const [key, path, value] of FAULTS) {
  test(`a fault is told by its key: ${key}`, () => {
    const sentence = `a.trace.json is damaged at the key "${key}": record the trace again.`;
    assert.equal(problemWith(path, value), sentence);
  });
}

test('ten megabytes are read', () => {
  const trace = savedTrace('verified');
  trace.prompt!.prefix = 'x'.repeat(10_000_000);
  assert.equal(parseTrajectory(JSON.stringify(trace), 'a').prompt?.prefix.length, 10_000_000);
});
