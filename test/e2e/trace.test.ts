import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { savedFrontier } from '../webview/support/frontiers.ts';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';

const SAMPLE = `def monday():
    return "monday"


def tuesday():
    return "tuesday"


`;

/** What follows it is so long that it is written in many steps. */
const POINT = `class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        `;

/** Keeps how many tokens stand on the page after each of its changes. */
const COUNT_TOKENS = `{
  globalThis.tokenCounts = [];
  const standing = () => document.querySelectorAll('.trace .token.new, .trace .token.old').length;
  new MutationObserver(() => tokenCounts.push(standing())).observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
  });
}`;

/** Whether one of the editor's databases in the browser holds a text. */
const STATE_HOLDS = `async (part) => {
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
    });
    if (!database.objectStoreNames.contains('ItemTable')) continue;
    const values = await new Promise((resolve) => {
      const reading = database.transaction('ItemTable').objectStore('ItemTable').getAll();
      reading.onsuccess = () => resolve(reading.result);
    });
    database.close();
    if (values.some((value) => String(value).includes(part))) return true;
  }
  return false;
}`;

const SAVED = readFileSync(path.join(import.meta.dirname, '../fixtures/traces/verified.trace.json'), 'utf8');
const FIXTURE_RUN = path.join(import.meta.dirname, '../fixtures/run');
const RUN = Object.fromEntries(
  ['config.json', 'state.json', 'metrics.jsonl', 'samples.jsonl', 'traces/own-7.trace.json'].map((file) => [
    `runs/one/${file}`,
    readFileSync(path.join(FIXTURE_RUN, file), 'utf8'),
  ]),
);
const environment = findEnvironment();

describe('the trace viewer in VS Code', {
  skip: 'missing' in environment && environment.missing,
}, () => {
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    window = await launch(environment, {
      name: 'trace',
      files: {
        'sample.py': SAMPLE,
        'saved.trace.json': SAVED,
        'bad.trace.json': '{}',
        'saved.frontier.json': JSON.stringify(savedFrontier()),
        'bad.frontier.json': '{}',
        ...RUN,
      },
      trusted: true,
    });
  });
  after(() => window?.close());

  const page = () => window.editor.webview();
  const finished = /^Step (\d+) of \1, (\d+) of \2 tokens revealed/;

  test('the last completion is shown next to the code', async () => {
    await window.editor.open('sample.py');
    await window.editor.press('Control+End');
    await window.editor.type('def wednesday():\n    ');
    await window.editor.askForGhostText();
    await window.editor.command('Unmask: Show How the Last Completion Was Written');
    await page().locator('.step-words').filter({ hasText: finished }).waitFor();
    assert.ok((await page().locator('.trace .token.old, .trace .token.new').count()) > 0);
    await window.editor.screenshot('panel');
  });

  test('the next completion is seen growing, and then with what else each token could have been', async () => {
    await window.editor.press('Escape');
    await page().locator('body').evaluate(COUNT_TOKENS);
    await window.editor.type(`return "wednesday"\n\n\n${POINT}`);
    await window.editor.askForGhostText();
    await page().locator('.context', { hasText: 'def __sub__' }).first().waitFor();
    await page().locator('.step-words').filter({ hasText: finished }).waitFor();
    const counts = (await page().locator('body').evaluate('tokenCounts')) as number[];
    const ofLast = counts.slice(counts.lastIndexOf(0));
    // From none to all, with something in between.
    assert.ok(new Set(ofLast).size > 2, ofLast.join(' '));
    await page().locator('.trace .token.old').first().hover();
    await page().locator('.details table').first().waitFor();
    await window.editor.screenshot('live');
  });

  test('the same prompt is decoded in another way, beside', async () => {
    await page().getByRole('combobox', { name: 'Mode' }).click();
    await page().getByRole('option', { name: 'one by one' }).click();
    await page().getByRole('button', { name: 'Run beside' }).click();
    await page().locator('.trace').nth(1).getByText('ar, threshold').waitFor();
    const texts = await page()
      .locator('.trace')
      .evaluateAll((traces) =>
        traces.map((trace) =>
          [...trace.querySelectorAll('.token')].map(({ textContent }) => textContent).join(''),
        ),
      );
    // Verified decoding writes what decoding one by one writes.
    assert.equal(texts[0].trimEnd(), texts[1].trimEnd());
    await window.editor.screenshot('beside');
  });

  test('a reload of the window finds both again, and so does a window that is opened anew', async () => {
    const found = async () => {
      await page().locator('.trace h2', { hasText: 'tokens per forward' }).first().waitFor();
      await page().locator('.trace').nth(1).getByText('ar, threshold').waitFor();
      await page().locator('.step-words').filter({ hasText: 'Step' }).waitFor();
    };
    await stateWritten('ar, 1.00 tokens per forward');
    const loaded = window.editor.page.waitForEvent('load', { timeout: 60_000 });
    await pick('F1', 'Developer: Reload Window');
    await loaded;
    await found();
    await window.editor.screenshot('reloaded');
    await window.reopen();
    await found();
    await window.editor.screenshot('reopened');
  });

  test('a saved trace opens as a picture, and one that is none as a sentence', async () => {
    // In the group of the panel, which is hidden by it: one webview can be seen at a time.
    await window.editor.press('Control+2');
    await pick('Control+P', 'saved.trace.json');
    await window.editor.screenshot('opening');
    await page().locator('.step-words', { hasText: 'Step 10 of 10, 20 of 20' }).waitFor();
    await window.editor.screenshot('saved');
    await pick('Control+P', 'bad.trace.json');
    await page().getByRole('alert').filter({ hasText: 'bad.trace.json is not a trace' }).waitFor();
  });

  test('a saved frontier opens with its curves, and one that is none as a sentence', async () => {
    await pick('Control+P', 'saved.frontier.json');
    await page().locator('.states li', { hasText: 'infill.jsonl, unmask-135m: 20 tasks' }).waitFor();
    await page().locator('.plot canvas').nth(2).waitFor();
    await window.editor.screenshot('frontier');
    await pick('Control+P', 'bad.frontier.json');
    await page().getByRole('alert').filter({ hasText: 'bad.frontier.json is not a frontier' }).waitFor();
  });

  test('a run is drawn from its folder and grows with its files; a sample leads to its trace', async () => {
    await pick('F1', 'Unmask: Open Training Run');
    await window.editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'runs/one' }).click();
    await page().locator('.plot canvas').nth(7).waitFor();
    await page().locator('.states li', { hasText: 'one: done, step 30 of 30' }).waitFor();
    await window.editor.screenshot('run');
    appendFileSync(path.join(window.dir, 'workspace/runs/one/metrics.jsonl'), '{"step":31,"extra":1}\n');
    await page().locator('.states li', { hasText: 'step 31 of 30' }).waitFor();
    await page().getByRole('button', { name: 'Open trace' }).click();
    await page().locator('.step-words', { hasText: 'Step 10 of 10' }).waitFor();
  });

  /** Waits until the editor in the browser has written its state, which it does every few seconds, with a text in it. */
  async function stateWritten(part: string): Promise<void> {
    const holds = `(${STATE_HOLDS})(${JSON.stringify(part)})`;
    for (let i = 0; i < 200 && !(await window.editor.page.evaluate(holds)); i++) await delay(100);
  }

  /**
   * Unlike the editor's own helper it does not wait for what only a text editor or a closed list has. A page that is
   * just being loaded can take the focus away from the list: then it is opened again.
   */
  async function pick(key: string, text: string): Promise<void> {
    const { page: workbench } = window.editor;
    const row = workbench.locator('.quick-input-list .monaco-list-row.focused', { hasText: text });
    for (let attempt = 0; attempt < 10; attempt++) {
      await window.editor.press(key);
      await workbench.locator('.quick-input-widget input').first().waitFor();
      await window.editor.type(text);
      const found = await row.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
      if (found) return window.editor.press('Enter');
      await window.editor.press('Escape');
    }
    assert.fail(`${text} was not found`);
  }
});
