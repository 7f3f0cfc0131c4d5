import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RL_PRESETS } from '../../server/train/rl/presets/index.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';

const RUN = 'runs/20260101T000000Z-grpo';
const TASK = {
  text: 'Return x.',
  code: '    return x\n',
  prefix: 'def f(x):\n',
  entry_point: 'f',
  test_list: ['assert f(1) == 1'],
};
const TASKS = ['train', 'heldout'].map((split) => JSON.stringify({ ...TASK, task_id: split, split }));
const { decode, ...recipe } = RL_PRESETS.lightningrl;

/** Relative to the folder in which the run's process works. */
const CONFIG = {
  model: '../model',
  tasks: '../tasks.jsonl',
  recipe: { ...recipe, promptsPerStep: 1, groupSize: 2, decode: { ...decode, maxTokens: 4 } },
  steps: 2,
  rank: 2,
  threads: 1,
};

const environment = findEnvironment();

describe('training', { skip: 'missing' in environment && environment.missing }, () => {
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    window = await launch(environment, {
      name: 'training',
      trusted: true,
      files: {
        'tasks.jsonl': TASKS.join('\n'),
        [`${RUN}/config.json`]: JSON.stringify(CONFIG),
        [`${RUN}/metrics.jsonl`]: '',
      },
    });
    writeTinyModel(path.join(window.dir, 'workspace', 'model'));
  });
  after(() => window?.close());

  test('a run goes on after consent, in a process that a reload of the window leaves alone', async () => {
    const { editor, dir } = window;
    await editor.page
      .locator('.statusbar-item', { hasText: /unmask/i })
      .first()
      .waitFor();
    await editor.command('Resume Training Run');
    await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: path.basename(RUN) }).click();
    const dialog = editor.page.locator('.monaco-dialog-box', { hasText: 'Train a model by running' });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /Not covered/);
    await editor.screenshot('consent');
    await dialog.getByRole('button', { name: 'Train', exact: true }).click();
    const file = path.join(dir, 'workspace', RUN, 'state.json');
    const state = () => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
    while (state().pid === undefined) await delay(100);
    await window.reopen();
    while (state().status === 'running') await delay(100);
    assert.deepEqual([state().status, state().step, state().reason], ['done', 2, undefined]);
    // The palette does not know the view's command yet when it is opened right after a reload.
    await window.editor.page.locator('.pane-header', { hasText: 'Training Runs' }).click();
    await window.editor.page.locator('.monaco-list-row', { hasText: 'done · step 2 of 2' }).waitFor();
    await window.editor.screenshot('runs');
  });
});
