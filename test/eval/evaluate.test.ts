import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineRequest } from '../../server/engine/engine.ts';
import { answerRequest } from '../../server/eval/answer.ts';
import { type EvalSettings, evaluate } from '../../server/eval/evaluate.ts';
import type { Trajectory } from '../../server/protocol.ts';
import { readRow } from '../../server/tasks/formats.ts';
import { taskPrompt } from '../../server/tasks/prompt.ts';
import { openSandbox, pythonTask } from '../support/sandbox.ts';

const HOLE = readRow({
  task_id: 'hole/1',
  prompt: 'def add(a, b):\n',
  suffix: '\n\ndef other():\n    pass\n',
  canonical_solution: '    return a + b\n',
  test: 'def check(candidate):\n    assert candidate(1, 2) == 3\n',
  entry_point: 'add',
});

const SETTINGS: EvalSettings = { decode: {}, samples: 1, shownTests: undefined };

/** A model that answers each request with the next text, as if it had taken two tokens a forward. */
function modelSaying(...texts: string[]) {
  const requests: EngineRequest[] = [];
  const complete = async (request: EngineRequest) => {
    requests.push(request);
    return {
      text: texts[requests.length - 1],
      prompt: request.prompt,
      settings: { mode: 'verified', threshold: 0.3 },
      responseIds: [1, 2, 3, 4],
      steps: [],
      stop: 'string',
      forwards: { prefill: 1, denoise: 2, total: 2 },
      ms: { load: 0, prefill: 5, decode: 20 },
    } as unknown as Trajectory;
  };
  return { complete, requests };
}

test('a hole is asked for as an editor does, ends with its line, and is judged within its program', async () => {
  const sandbox = await openSandbox();
  try {
    const model = modelSaying('\n    return a + b', '\n    return b + a', '\n    return a - b');
    const tasks = ['1', '2', '3'].map((id) => ({ ...HOLE, id }));
    const signal = new AbortController().signal;
    const [answers] = await evaluate(model, sandbox, tasks, [SETTINGS], signal, () => {});
    assert.deepEqual(
      answers.map(({ text, exactMatch, verdict }) => [text, exactMatch, verdict]),
      [
        ['    return a + b\n', true, 'passed'],
        ['    return b + a\n', false, 'passed'],
        ['    return a - b\n', false, 'failed'],
      ],
    );
    assert.ok(answers[1].editSimilarity! > 0.5);
    assert.equal(answers[0].milliseconds, 20);
    const [{ prompt, settings }] = model.requests;
    assert.deepEqual(prompt, {
      prefix: 'def add(a, b):',
      beginning: '\n',
      suffix: HOLE.suffix,
      fim: true,
      budget: 0,
    });
    assert.deepEqual(settings.stopStrings, ['\n']);
  } finally {
    sandbox.close();
  }
});

test('samples of a task differ by their seeds, and what was asked for overrides what suits the task', async () => {
  const model = modelSaying('a', 'b', 'c', 'd');
  const decode = { seed: 7, temperature: 0.8, maxTokens: 9 };
  const settings = { ...SETTINGS, samples: 2, decode };
  const { signal } = new AbortController();
  const [answers] = await evaluate(model, undefined, [HOLE, HOLE], [settings], signal, () => {});
  assert.equal(new Set(model.requests.map((request) => request.settings.seed)).size, 4);
  assert.deepEqual(
    model.requests.map((request) => request.settings.maxTokens),
    [9, 9, 9, 9],
  );
  assert.deepEqual(
    answers.map(({ sample, verdict }) => [sample, verdict]),
    [
      [0, null],
      [1, null],
      [0, null],
      [1, null],
    ],
  );
});

test('a task is decoded at every point before the next one', async () => {
  const model = modelSaying('\na', '\nb', '\nc', '\nd');
  const tasks = ['x', 'y'].map((id) => ({ ...HOLE, id }));
  const points = [0.3, 0.9].map((threshold) => ({ ...SETTINGS, decode: { threshold } }));
  const { signal } = new AbortController();
  const answers = await evaluate(model, undefined, tasks, points, signal, () => {});
  assert.deepEqual(
    answers.map((ofPoint) => ofPoint.map(({ task_id, text }) => [task_id, text])),
    [
      [
        ['x', 'a\n'],
        ['y', 'c\n'],
      ],
      [
        ['x', 'b\n'],
        ['y', 'd\n'],
      ],
    ],
  );
  assert.deepEqual(
    model.requests.map((request) => request.settings.threshold),
    [0.3, 0.9, 0.3, 0.9],
  );
});

test('an abort ends the evaluation', async () => {
  const abort = new AbortController();
  const model = modelSaying('a', 'b');
  const aborted = evaluate(model, undefined, [HOLE, HOLE], [SETTINGS], abort.signal, () => abort.abort());
  await assert.rejects(aborted, { name: 'AbortError' });
  assert.equal(model.requests.length, 2);
});

test('the prompt of a function is its head, that of a program its text and the tests that are shown', () => {
  const program = pythonTask('', ['assert f(1) == 2', 'assert f(2) == 3'], { text: 'Say "2".' });
  assert.deepEqual(taskPrompt(program), { prefix: '"""Say 2.\nassert f(1) == 2\n"""\n' });
  assert.deepEqual(taskPrompt(program, 2), {
    prefix: '"""Say 2.\nassert f(1) == 2\nassert f(2) == 3\n"""\n',
  });
  assert.deepEqual(taskPrompt({ ...program, language: 'javascript' }, 0), { prefix: '/*Say 2.\n*/\n' });
  const head = 'def f(x):\n    """Add one."""\n';
  assert.deepEqual(taskPrompt({ ...program, prefix: head }), { prefix: head.trimEnd() });
  assert.equal(answerRequest({ ...program, prefix: head }).settings.stopAtDedent, true);
  assert.equal(answerRequest(program).settings.stopAtDedent, undefined);
  const lines = answerRequest({ ...HOLE, reference: 'a\nb\n' }).settings;
  assert.equal(lines.stopStrings, undefined);
});
