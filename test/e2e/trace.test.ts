import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';

const SAMPLE = `def monday():
    return "monday"


def tuesday():
    return "tuesday"


`;

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
      files: { 'sample.py': SAMPLE, 'saved.trace.json': SAVED, 'bad.trace.json': '{}', ...RUN },
      trusted: true,
    });
  });
  after(() => window?.close());

  /** The page of the only webview that can be seen. */
  const page = () =>
    window.editor.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
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

  test('the next completion takes its place, with what else each token could have been', async () => {
    await window.editor.press('Escape');
    await window.editor.type('return "wednesday"\n\n\ndef thursday():\n    ');
    await window.editor.askForGhostText();
    await page().locator('.context', { hasText: 'def thursday' }).first().waitFor();
    await page().locator('.step-words').filter({ hasText: finished }).waitFor();
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

  test('a reload of the window finds the panel and a trace again', async () => {
    // By the editor's own command, which writes its state before: a browser's reload may come before that.
    const loaded = window.editor.page.waitForEvent('load', { timeout: 60_000 });
    await pick('F1', 'Developer: Reload Window');
    await loaded;
    await page().locator('.trace h2', { hasText: 'tokens per forward' }).first().waitFor();
    await page().locator('.step-words').filter({ hasText: 'Step' }).waitFor();
    await window.editor.screenshot('reloaded');
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
