import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mutantsOf } from '../../bench/sandbox/agreement.ts';
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import type { ReadTask } from '../../server/tasks/formats.ts';
import { tasksFromTests } from '../../server/tasks/from-tests.ts';
import { resolveInputs } from '../../server/tasks/import.ts';
import { readTasks } from '../../server/tasks/read-tasks.ts';
import type { Task } from '../../server/tasks/task.ts';
import { validateTasks } from '../../server/tasks/validate.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { runCli } from '../support/run-cli.ts';
import { openSandbox, pythonTask } from '../support/sandbox.ts';

const OWN = path.join(import.meta.dirname, '../fixtures/sandbox/own-tests');
const STARTER = path.join(import.meta.dirname, '../../tasks/starter.jsonl');
/** Every so manieth mutant is tried here; bench/sandbox/run.ts tries all. */
const MUTANT_STEP = 10;

async function problemsOf(sandbox: Sandbox, tasks: Task[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { task, problems } of validateTasks(sandbox, tasks))
    found.push(...problems.map((p) => `${task.id} ${p}`));
  return found;
}

describe('tasks', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await openSandbox({ timeoutMs: 1000, gate: true });
  });
  after(() => sandbox.close());

  test('from the own tests of a project are its functions that literals are asserted of', async () => {
    const { tasks, skipped } = await tasksFromTests(sandbox, OWN);
    assert.deepEqual(await problemsOf(sandbox, tasks), []);
    const [shorten, half] = tasks;
    assert.equal(tasks.length, 2);
    assert.equal(shorten.id, 'own-tests/text.py::shorten');
    assert.deepEqual(shorten.tests, [
      "assert shorten('abcdef') == 'abc'",
      "assert shorten('  ab ') == 'ab'",
      "assert shorten('abcd', n=2) == 'ab'",
      "assert shorten('abcd') == 'abc'",
    ]);
    // What the function needs comes along, its body stays away, and one example only is shown.
    assert.match(shorten.prefix, /LIMIT = 3\n[\s\S]*def helper[\s\S]*def shorten\(text, n=LIMIT\):\n/);
    assert.doesNotMatch(shorten.prefix, /text\[:n\]|" {2}ab "/);
    assert.equal(shorten.text, 'Cut the text.');
    assert.deepEqual(half.tests, [
      'assert half(1) == 0.5',
      'assert half(3) == 1.5',
      'assert half(4) == 2.0',
      'assert math.isclose(half(0.1), 0.05, rel_tol=1e-06, abs_tol=1e-12)',
      'assert half(5) == 2.5',
    ]);
    assert.deepEqual(
      skipped.map((sentence) => sentence.slice(OWN.length + 1)),
      [
        'broken.py does not parse (invalid syntax (<unknown>, line 1)).',
        'tests/test_text.py:8 an argument is not a literal.',
        'tests/test_text.py:14 a with block is not converted.',
        'tests/test_text.py:16 a loop is not converted.',
        'tests/test_text.py:23 an argument is not a literal.',
        'tests/test_text.py:24 it takes the fixture tmp_path.',
        'text.py the function one has no body of its own lines.',
      ],
    );
  });

  test('are not made of code without tests', async (t) => {
    const dir = temporaryFolder(t);
    writeFileSync(path.join(dir, 'add.py'), 'def add(a, b):\n    return a + b\n');
    const { code, stderr } = await runCli('tasks', 'from-tests', dir, path.join(dir, 'tasks.jsonl'));
    assert.deepEqual([code, /has no test that a task could be made of\.$/m.test(stderr)], [1, true]);
    assert.ok(!existsSync(path.join(dir, 'tasks.jsonl')));
  });

  test('with inputs only get their expected values from the reference', async () => {
    const read: ReadTask = {
      ...pythonTask('import math\ndef f(x, y):\n    return {"root": math.sqrt(x), "y": y}\n', [], {
        entry: 'f',
      }),
      inputs: {
        args: [
          [4, null],
          [-1, 1],
          [9, ['a', true]],
        ],
        tolerance: 0,
      },
    };
    const task = await resolveInputs(sandbox, read);
    assert.deepEqual(task?.tests, [
      "assert f(4, None) == {'root': 2.0, 'y': None}",
      "assert f(9, [\"a\", True]) == {'root': 3.0, 'y': ['a', True]}",
    ]);
    assert.deepEqual(await problemsOf(sandbox, [task as Task]), []);
  });

  test('that are unfit for training are told with the reason', async () => {
    const tasks = [
      pythonTask('def f(x): return x', ['assert f(1) == 1'], { id: 'fit' }),
      pythonTask('def f(x): return x', ['assert f(1) == 2'], { id: 'wrong' }),
      pythonTask('def f(x):\n  while True: pass', ['assert f(1) == 2'], { id: 'endless' }),
      pythonTask('def f(x): return x > 1', ['assert f(1) == False', 'assert f(2)', 'assert not f(0)'], {
        id: 'boolean',
      }),
      pythonTask('', ['assert f(1) == 2'], { id: 'bare', entry: 'f' }),
      pythonTask('def f(x): return x', ['import numpy', 'assert f(1) == 1'], { id: 'import' }),
      pythonTask('def f(x): return x', ['assert f(1) ='], { id: 'syntax' }),
      pythonTask('def f(x): return x', ['assert g(1) == 1'], { id: 'unknown' }),
      pythonTask('class P:\n  pass\ndef f(p): return 1', ['assert f(P()) == 1'], { id: 'class' }),
      pythonTask(
        'def f(x): return x',
        ['assert f(1) == 1 and all(iter(int, 1) or [] for _ in iter(int, 1))'],
        { id: 'hanging test' },
      ),
      pythonTask('def f(x): return x', ['assert f(1) == 1'], { id: 'twin' }),
    ];
    const found = await problemsOf(sandbox, tasks);
    const expected = [
      /^wrong its reference ends as failed/,
      /^endless its reference ends as timeout/,
      /^boolean its answers are all True or False/,
      /^bare has no reference/,
      /^import its reference ends as infra .*numpy/,
      /^syntax its reference ends as infra .*does not parse/,
      /^unknown its reference ends as infra .*g/,
      /^class its reference ends as failed .*unsupported argument/,
      /^hanging test its reference ends as/,
      /^twin is the same as task fit/,
    ];
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [i, pattern] of expected.entries()) assert.match(found[i], pattern);
  });

  test('of the HumanEval form are judged assert by assert', async () => {
    const task = pythonTask('    return sorted(x)\n', ['check(f)'], {
      entry: 'f',
      prefix: 'def f(x):\n    """Sort."""\n',
      setup:
        'def check(candidate):\n    for n in range(3):\n        assert candidate(list(range(n, 0, -1))) == list(range(1, n + 1))\n    y = candidate([2, 1])\n    assert y == [1, 2], "no"\n',
    });
    const verdictOn = async (body: string) => sandbox.verdict({ task, code: task.prefix + body });
    assert.deepEqual((await verdictOn(task.reference)).asserts, ['passed', 'passed', 'passed', 'passed']);
    const half = await verdictOn('    return x\n');
    assert.deepEqual([half.verdict, half.asserts], ['failed', ['passed', 'passed', 'failed', 'failed']]);
  });

  test('of which no assert is reached are never passed', async () => {
    const task = pythonTask('def f(x): return [x]', ['for y in f(1):\n    assert y == 1']);
    assert.equal((await sandbox.verdict({ task, code: 'def f(x): return [x]' })).verdict, 'passed');
    assert.equal((await sandbox.verdict({ task, code: 'def f(x): return []' })).verdict, 'failed');
  });
});

describe('the starter suite', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await openSandbox({ timeoutMs: 1000, gate: true, workers: 2 });
  });
  after(() => sandbox.close());

  test('holds at least 280 graded, split tasks with six asserts each, all fit for training', async () => {
    const { tasks, problems } = await readTasks(STARTER);
    assert.deepEqual(problems, []);
    assert.ok(tasks.length >= 280);
    assert.deepEqual([...new Set(tasks.map(({ level }) => level))].sort(), [1, 2, 3, 4]);
    const count = (level: number, split: string) =>
      tasks.filter((task) => task.level === level && task.split === split).length;
    for (const level of [1, 2, 3, 4]) {
      for (const split of ['train', 'heldout']) assert.ok(count(level, split) >= 5);
    }
    assert.ok(count(1, 'heldout') >= 36, 'a run on the easiest level is measured by enough tasks');
    assert.ok(tasks.every(({ tests, shown }) => tests.length >= 6 && shown === 1));
    assert.deepEqual(await problemsOf(sandbox, tasks), []);
  });

  test('catches at least 98 % of the one-token mutants of its references', async () => {
    const { tasks } = await readTasks(STARTER);
    const candidates: { task: Task; code: string }[] = [];
    for (const task of tasks)
      candidates.push(...(await mutantsOf(sandbox, task)).map((code) => ({ task, code })));
    const drawn = candidates.filter((_, i) => i % MUTANT_STEP === 0);
    assert.ok(drawn.length > 150);
    const survivors: string[] = [];
    for await (const { taskId, verdict } of sandbox.verdicts(drawn))
      if (verdict === 'passed') survivors.push(taskId);
    assert.ok(survivors.length <= drawn.length * 0.02, survivors.join(' '));
  });
});
