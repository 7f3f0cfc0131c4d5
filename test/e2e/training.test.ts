import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RL_PRESETS } from '../../server/train/rl/presets/index.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';
import { readJson } from './support/read-json.ts';

const NAME = '20260101T000000Z-grpo';
const RUN = `runs/${NAME}`;
const TASK = {
  text: 'Return x.',
  code: '    return x\n',
  prefix: 'def f(x):\n',
  entry_point: 'f',
  test_list: ['assert f(1) == 1'],
};
const TASKS = ['train', 'heldout'].map((split) => JSON.stringify({ ...TASK, task_id: split, split }));
const { decode, ...recipe } = RL_PRESETS.lightningrl;

/** Relative to the folder in which the run's process works, but for the model. */
const CONFIG = {
  tasks: '../tasks.jsonl',
  recipe: { ...recipe, promptsPerStep: 1, groupSize: 2, decode: { ...decode, maxTokens: 4 } },
  steps: 2,
  rank: 2,
  threads: 1,
};

const PROGRAM = `def double(x):
    return 2 * x


def negative(x):
    return -x
`;
const TESTS = `from program import double, negative


def test_double():
    assert double(2) == 4
    assert double(-3) == -6


def test_negative():
    assert negative(3) == -3
    assert negative(0) == 0
`;

const environment = findEnvironment();

describe('training', { skip: 'missing' in environment && environment.missing }, () => {
  const model = mkdtempSync(path.join(os.tmpdir(), 'unmask-e2e-model-'));
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    writeTinyModel(model);
    window = await launch(environment, {
      name: 'training',
      trusted: true,
      // A random network is sure of nothing; none of its text is held back.
      settings: { 'unmask.model': model, 'unmask.minConfidence': -1, 'unmask.maxTokens': 8 },
      files: {
        'program.py': PROGRAM,
        'test_program.py': TESTS,
        'tasks.jsonl': TASKS.join('\n'),
        [`${RUN}/config.json`]: JSON.stringify({ ...CONFIG, model }),
      },
    });
  });
  after(async () => {
    await window?.close();
    rmSync(model, { recursive: true });
  });

  const inWorkspace = (...parts: string[]) => path.join(window.dir, 'workspace', ...parts);
  const listed = (text: string | RegExp, row = '') =>
    window.editor.page.locator('.pane', { hasText: 'Training Runs' }).locator(`.monaco-list-row${row}`, {
      hasText: text,
    });
  const newest = (text: string | RegExp) => listed(text, '[data-index="0"]');
  /** The view is collapsed at first, and as it was left in a window that was opened anew. */
  const expandRuns = async () => {
    const header = window.editor.page.locator('.pane-header', { hasText: 'Training Runs' });
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
  };
  /** A run works at the lowest priority, which may take its time. */
  const ofRun = { timeout: 300_000 };

  /** The run that was started last. */
  const newestRun = () =>
    readdirSync(inWorkspace('runs'))
      .filter((name) => name !== NAME)
      .sort()
      .at(-1)!;
  const chooseMethod = async (title: string) => {
    const { editor } = window;
    await editor.page.locator('.quick-input-title', { hasText: title }).waitFor();
    await editor.screenshot('method');
    await editor.row('lightningrl-verified').click();
    await newest(/running · step \d+ of 60/).waitFor(ofRun);
    await editor.screenshot('running');
  };

  test('a task file becomes a run once the user has agreed, which is stopped at once', async () => {
    const { editor } = window;
    await editor.status().waitFor();
    await expandRuns();
    await editor.command('Train on MBPP-Style Tasks');
    const dialog = editor.page.locator('.monaco-dialog-box', { hasText: 'Train a model by running' });
    await dialog.waitFor();
    const consent = await dialog.innerText();
    for (const said of [/runs each of them on this machine/, /Not covered/, /takes hours on two cores/]) {
      assert.match(consent, said);
    }
    await editor.screenshot('consent');
    await dialog.getByRole('button', { name: 'Train', exact: true }).click();
    await editor.row('A task file').click();
    await editor.chooseFile('Task File', 'tasks.jsonl');
    await chooseMethod('Method');
    const run = newestRun();
    const { model: trained, tasks } = readJson(inWorkspace('runs', run, 'config.json'));
    assert.deepEqual([trained, tasks], [model, inWorkspace('tasks.jsonl')]);
    await editor.commandWithList('Stop Training Run');
    await editor.row(run).click();
    await editor.message('stops after its step').getByRole('button', { name: 'Stop Now' }).click();
    await newest('stopped · step').waitFor(ofRun);
    await editor.screenshot('stopped-at-once');
  });

  test('the tests of the workspace become tasks and a run, which is followed and stopped', async () => {
    const { editor } = window;
    await editor.command("Train on This Workspace's Tests");
    await chooseMethod('Method for 2 tasks');
    const run = newestRun();
    const tasks = readFileSync(inWorkspace('runs', run, 'tasks.jsonl'), 'utf8')
      .trim()
      .split('\n');
    assert.deepEqual(tasks.map((line) => JSON.parse(line).split).sort(), ['heldout', 'train']);
    assert.equal(readJson(inWorkspace('runs', run, 'config.json')).model, model);
    await editor.commandWithList('Stop Training Run');
    await editor.row(run).click();
    await editor.message('stops after its step').waitFor();
    await editor.screenshot('stopping');
    await newest('stopped · step').waitFor(ofRun);
    await editor.screenshot('stopped');
  });

  test('a run goes on in a process that a reload of the window leaves alone', async () => {
    await window.editor.commandWithList('Resume Training Run');
    await window.editor.row(NAME).click();
    const state = () => readJson(inWorkspace(RUN, 'state.json'));
    while (state().pid === undefined) await delay(100);
    await window.reopen();
    while (state().status === 'running') await delay(100);
    assert.deepEqual([state().status, state().step, state().reason], ['done', 2, undefined]);
    await expandRuns();
    await listed('done · step 2 of 2').waitFor();
    await window.editor.screenshot('done');
  });

  test('its checkpoint completes, until another model is chosen', async () => {
    const { editor } = window;
    const setting = () => readJson(inWorkspace('.vscode/settings.json'))['unmask.model'];
    await editor.commandWithList('Use This Checkpoint for Completion');
    await editor.row(NAME).click();
    await editor.message(`step 2 of ${NAME} completes in this workspace now`).waitFor();
    await editor.screenshot('checkpoint');
    assert.equal(setting(), inWorkspace(RUN, 'models', `${NAME}-step-2`));
    await editor.open('program.py');
    await editor.completesWith(`${NAME}-step-2`);
    await editor.screenshot('completes');
    await editor.commandWithList('Choose Model…');
    await editor.row('unmask-135m').click();
    while (setting() !== '') await delay(100);
    await editor.completesWith('unmask-135m');
  });

  test('runs are compared on the same axes', async () => {
    const { editor } = window;
    await editor.commandWithList('Compare Training Runs');
    await editor.row(NAME).waitFor();
    await editor.page.locator('.quick-input-widget').getByLabel('Toggle all checkboxes').click();
    await editor.press('Enter');
    await editor.webview().locator('.states li').nth(1).waitFor();
    await editor.screenshot('compared');
  });
});
