import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';

const CLI = path.join(import.meta.dirname, '../../server/cli.ts');
const folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-reward-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...rows: (string | object)[]): string {
  const place = path.join(folder, name);
  writeFileSync(
    place,
    rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''),
  );
  return place;
}

function unmask(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', CLI, ...args], {
    encoding: 'utf8',
  });
  return { status, rows: stdout.split('\n').filter(Boolean), stderr };
}

const tasks = file(
  'tasks.jsonl',
  {
    task_id: 1,
    text: 'Increment.',
    code: 'def f(x):\n    return x + 1',
    test_list: ['assert f(1) == 2', 'assert f(2) == 3'],
  },
  { task_id: 2, text: 'Without a reference.', test_list: ['assert g(1) == 1'] },
  {
    task_id: 3,
    text: 'Imports what is missing.',
    code: 'def f(x):\n    return x',
    test_setup_code: 'import numpy',
    test_list: ['assert f(1) == 1'],
  },
);

describe('unmask reward', () => {
  test('streams one verdict for each solution in their order', () => {
    const solutions = file(
      'solutions.jsonl',
      { task_id: 1, completion: 'def f(x):\n    return x + 1' },
      { task_id: 1, completion: '```python\ndef f(x):\n    return 2\n```' },
      { task_id: 1, completion: '    return x + 1' },
      { task_id: 1, completion: 'x'.repeat(10_000_000) },
      { task_id: 1, completion: '\u0000\ud800' },
      { task_id: 1, completion: `f = ${'('.repeat(50_000)}` },
      { task_id: 1, completion: 'import os\ndef f(x):\n    return x + 1' },
      { task_id: 2, completion: 'def g(x): return x' },
      { task_id: 3, completion: 'def f(x): return x' },
    );
    const { status, rows, stderr } = unmask('reward', '--json', '--tasks', tasks, '--solutions', solutions);
    assert.equal(status, 0, stderr);
    const verdicts = rows.map((row) => JSON.parse(row));
    assert.deepEqual(
      verdicts
        .map(({ task_id, verdict, passed, total }) => [task_id, verdict, passed, total])
        .filter((_, i) => i !== 5),
      [
        ['1', 'passed', 2, 2],
        ['1', 'failed', 1, 2],
        ['1', 'passed', 2, 2],
        ['1', 'error', 0, 2],
        ['1', 'error', 0, 2],
        ['1', 'forbidden', 0, 2],
        ['2', 'passed', 1, 1],
        ['3', 'infra', 0, 1],
      ],
    );
    assert.notEqual(verdicts[5].verdict, 'passed');
    assert.deepEqual(Object.keys(verdicts[1]), [
      'task_id',
      'verdict',
      'passed',
      'total',
      'asserts',
      'ms',
      'detail',
    ]);
    assert.deepEqual(verdicts[1].asserts, ['passed', 'failed']);
  });

  test('goes on after a broken line, and says so at the end', () => {
    const solutions = file(
      'broken.jsonl',
      '{',
      { task_id: 9, completion: '' },
      { task_id: 1, completion: 'f = lambda x: x + 1' },
    );
    const { status, rows, stderr } = unmask('reward', '--json', '--tasks', tasks, '--solutions', solutions);
    assert.equal(status, 1);
    assert.deepEqual(
      rows.map((row) => JSON.parse(row).verdict),
      ['passed'],
    );
    assert.match(stderr, /broken\.jsonl:1 is not valid JSON/);
    assert.match(stderr, /names task 9, which .* does not hold/);
    assert.match(stderr, /2 lines were left out/);
  });

  test('is told what is missing', () => {
    assert.equal(unmask('reward', '--tasks', tasks).status, 2);
    assert.equal(unmask('reward', '--tasks', tasks, '--solutions', tasks, '--timeout', '-1').status, 2);
    assert.equal(unmask('reward', '--tasks', path.join(folder, 'none'), '--solutions', tasks).status, 1);
  });
});
