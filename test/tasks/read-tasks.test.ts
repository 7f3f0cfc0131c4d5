import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toRow } from '../../server/tasks/formats.ts';
import { assembleProgram, extractCode } from '../../server/tasks/program.ts';
import { readSolutions } from '../../server/tasks/read-solutions.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import { writeTasks } from '../../server/tasks/write-tasks.ts';
import { pythonTask } from '../support/sandbox.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'unmask-tasks-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}

const lines = (...rows: unknown[]) =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');

const MBPP = {
  task_id: 602,
  text: 'Write it.',
  code: 'def helper():\r\n  pass\r\ndef f(x):\r\n  return x',
  test_setup_code: '',
  test_list: ['assert f(1) == 1', 'assert f(2) == 2'],
  challenge_test_list: [],
};
const SANITIZED = {
  source_file: 'a.ipynb',
  task_id: 2,
  prompt: 'Write it.',
  code: 'def f(x): return x',
  test_imports: ['import math'],
  test_list: ['assert math.isclose(f(1), 1)'],
};
const HUMANEVAL = {
  task_id: 'HumanEval/0',
  prompt: 'import math\n\ndef f(x):\n    """Return x."""\n',
  entry_point: 'f',
  canonical_solution: '    return x\n',
  test: 'def check(candidate):\n    assert candidate(1) == 1\n',
};
const INFILLING = {
  ...HUMANEVAL,
  task_id: 'SingleLineInfilling/HumanEval/0/L0',
  canonical_solution: '    return x\n',
  suffix: '\nprint(1)\n',
};
const MBPP_PLUS = {
  task_id: 'Mbpp/2',
  prompt: '"""\nWrite it.\n"""',
  entry_point: 'f',
  canonical_solution: 'def f(x):\n    return x\n',
  base_input: [[1]],
  plus_input: [[2], [[]]],
  atol: 0,
};

describe('task files', () => {
  test('are read in every published form', async () => {
    const { tasks, problems } = await readTasks(
      file('all.jsonl', lines(MBPP, SANITIZED, HUMANEVAL, MBPP_PLUS, INFILLING)),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      tasks.map(({ id, entry, split }) => [id, entry, split]),
      [
        ['602', 'f', 'train'],
        ['2', 'f', 'prompt'],
        ['HumanEval/0', 'f', 'test'],
        ['Mbpp/2', 'f', ''],
        ['SingleLineInfilling/HumanEval/0/L0', 'f', 'test'],
      ],
    );
    assert.equal(tasks[0].reference.includes('\r'), false);
    assert.equal(tasks[1].setup, 'import math');
    assert.deepEqual(tasks[2].tests, ['check(f)']);
    assert.deepEqual(tasks[3].inputs, { args: [[1], [2], [[]]], tolerance: 0 });
  });

  test('are read as one JSON list, and gzipped', async () => {
    const list = await readTasks(file('list.json', JSON.stringify([SANITIZED, MBPP])));
    const zipped = await readTasks(file('zip.jsonl.gz', gzipSync(lines(SANITIZED, MBPP))));
    assert.deepEqual(list.tasks, zipped.tasks);
  });

  test('keep their good lines when others are broken, each of which is named', async () => {
    const place = file(
      'broken.jsonl',
      lines(
        MBPP,
        '{"task_id": 3,',
        '[1]',
        { ...MBPP, code: 5, task_id: 4 },
        '',
        MBPP,
        { task_id: 7 },
        { ...MBPP, task_id: 8, test_list: [] },
        { ...SANITIZED, task_id: 9 },
      ),
    );
    const { tasks, problems } = await readTasks(place);
    assert.deepEqual(
      tasks.map(({ id }) => id),
      ['602', '9'],
    );
    assert.deepEqual(
      problems.map((problem) => problem.slice(place.length).replace(/\(.*\)/, '()')),
      [
        ':2 is not valid JSON ().',
        ':3 is not a JSON object.',
        ":4 holds something other than text in 'code'.",
        ':6 repeats task_id 602 of line 1.',
        ':7 is in none of the known forms ().',
        ":8 has no tests in 'test_list'.",
      ],
    );
  });

  for (const [what, content] of [
    ['nothing', ''],
    ['binary bytes', Buffer.from([0, 255, 1, 254, 10])],
    ['no list that parses', '[{'],
  ] as const) {
    test(`that hold ${what} are refused by one sentence`, async () => {
      await assert.rejects(readTasks(file('bad', content)), { name: 'UserError', message: /bad.*\.$/s });
    });
  }

  test('that do not exist are refused by one sentence', async () => {
    await assert.rejects(readTasks(path.join(folder, 'none')), { name: 'UserError' });
  });

  test('are the same after they were written and read again', async () => {
    const { tasks } = await readTasks(
      file(
        'own.jsonl',
        lines(MBPP, HUMANEVAL, INFILLING, {
          ...MBPP,
          task_id: 'a',
          level: 3,
          split: 'heldout',
          language: 'typescript',
        }),
      ),
    );
    const place = path.join(folder, 'again.jsonl');
    await writeTasks(place, tasks);
    assert.deepEqual((await readTasks(place)).tasks.map(toRow), tasks.map(toRow));
  });
});

describe('solution files', () => {
  test('keep their good lines', async () => {
    const solutions = await readSolutions(
      file('s.jsonl', lines({ task_id: 1, completion: 'x' }, '{', { task_id: 'b' }, { completion: '' })),
    );
    assert.deepEqual(solutions[0], { taskId: '1', completion: 'x' });
    assert.deepEqual(
      solutions.slice(1).map((s) => 'problem' in s && /:(\d) /.exec(s.problem)?.[1]),
      ['2', '3', '4'],
    );
  });
});

describe('a completion', () => {
  test('of a hole is put between the code around it', () => {
    const task = pythonTask('    return x\n', [], { prefix: 'def f(x):\n', suffix: '\nprint(1)\n' });
    assert.equal(assembleProgram(task, '    return 2\n'), 'def f(x):\n    return 2\n\nprint(1)\n');
  });

  test('is its first fenced block', () => {
    assert.equal(extractCode('Here:\n```python\nx = 1\n```\nand\n```\ny\n```'), 'x = 1\n');
    assert.equal(extractCode('```py\nx = 1\n'), 'x = 1\n');
    assert.equal(extractCode('[BEGIN]\nx = 1\n[DONE]\nmore'), '\nx = 1\n');
    assert.equal(extractCode('x = "```"'), 'x = "```"');
  });

  const reference = 'import math\ndef f(x):\n    return math.sqrt(x)\n';
  test('that defines the function is the program', () => {
    const task = pythonTask(reference, [], { entry: 'f' });
    assert.equal(assembleProgram(task, 'def f(x): return 2\n'), 'def f(x): return 2\n');
    assert.equal(assembleProgram(task, 'f = abs'), 'f = abs');
  });

  test('that is a body follows the head of the function', () => {
    const task = pythonTask(reference, [], { entry: 'f' });
    assert.equal(assembleProgram(task, '    return 2\n'), 'import math\ndef f(x):\n    return 2\n');
  });

  test('follows the prefix, whose imports stay when it defines the function anew', () => {
    const task = pythonTask('    return x\n', [], { entry: 'f', prefix: HUMANEVAL.prompt });
    assert.equal(assembleProgram(task, '    return x\n'), `${HUMANEVAL.prompt}    return x\n`);
    assert.equal(
      assembleProgram(task, 'def f(x):\n    return x\n'),
      `${HUMANEVAL.prompt.trimEnd()}\n    pass\ndef f(x):\n    return x\n`,
    );
  });
});
