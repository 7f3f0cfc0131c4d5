import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { writeTinyFamily } from '../support/tiny-families.ts';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';
import { processesWith } from './support/processes.ts';

/** So regular that the model is sure of what follows; which text it offers is not what is tested here. */
const SAMPLE = `def monday():
    return "monday"


def tuesday():
    return "tuesday"


`;

const environment = findEnvironment();

describe('the packaged extension in VS Code', {
  skip: 'missing' in environment && environment.missing,
}, () => {
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    window = await launch(environment, { name: 'trusted', files: { 'sample.py': SAMPLE }, trusted: true });
  });
  after(() => window?.close());

  test('the engine is not started by opening a window', async () => {
    await window.editor.open('sample.py');
    await window.editor.status().waitFor();
    assert.deepEqual(running('engine'), []);
    assert.equal(await window.editor.page.locator('.notification-toast').count(), 0);
  });

  test('typing brings ghost text, the first time after the model is loaded', async () => {
    let loading = false;
    const shown = window.editor
      .status()
      .filter({ hasText: '%' })
      .waitFor()
      .then(() => {
        loading = true;
      });
    await window.editor.press('Control+End');
    await window.editor.type('def wednesday():\n    ');
    // The editor loads what asks when it has nothing else to do, on a busy machine after these keys.
    for (;;) {
      await Promise.race([shown, delay(3000)]);
      if (loading) break;
      await window.editor.press('Space');
      await window.editor.press('Backspace');
    }
    await window.editor.screenshot('loading');
    assert.match(await window.editor.ghostText(), /\S/);
    await window.editor.status().locator('.codicon-eye').waitFor();
    assert.equal(running('engine').length, 1);
    await window.editor.screenshot('ghost-text');
  });

  test('Tab accepts', async () => {
    const offered = await window.editor.ghostText();
    await window.editor.press('Tab');
    assert.equal(await window.editor.save('sample.py'), `${SAMPLE}def wednesday():\n    ${offered}`);
    await window.editor.screenshot('accepted');
  });

  test('Escape dismisses', async () => {
    await window.editor.type('\n\n\ndef thursday():\n    ');
    // By hand: an answer that nobody asked for is not shown when it comes late, as it may on a busy machine.
    await window.editor.askForGhostText();
    await window.editor.press('Escape');
    await window.editor.ghostTextGone();
    await window.editor.screenshot('dismissed');
  });

  test('the status item tells the model and opens the menu', async () => {
    await window.editor.status().hover();
    await window.editor.page.locator('.monaco-hover', { hasText: 'Device' }).waitFor();
    await window.editor.screenshot('tooltip');
    await window.editor.status().click();
    await window.editor.page.locator('.quick-input-list', { hasText: 'Snooze' }).waitFor();
    await window.editor.screenshot('menu');
    await window.editor.press('Escape');
  });

  test('a language server that is killed comes back and completes', async () => {
    const servers = running('server');
    assert.equal(servers.length, 1);
    process.kill(servers[0], 'SIGKILL');
    await window.editor.open('sample.py');
    await window.editor.press('Control+End');
    assert.match(await window.editor.askForGhostText(), /\S/);
    assert.equal(running('server').length, 1);
    assert.notDeepEqual(running('server'), servers);
    assert.equal(running('engine').length, 1);
    await window.editor.screenshot('after-kill');
  });

  test('a model of another family, chosen in the settings, completes with its own steps', async () => {
    const model = path.join(window.dir, 'llada');
    writeTinyFamily(model, 'llada');
    // A random network is sure of nothing; none of its text is held back.
    const settings = { 'unmask.model': model, 'unmask.minConfidence': -1, 'unmask.maxTokens': 8 };
    const folder = path.join(window.dir, 'workspace/.vscode');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings));
    await window.editor.command('Unmask: Show How the Last Completion Was Written');
    await window.editor.press('Control+1');
    const page = window.editor.webview();
    const ofModel = page.locator('.trace .figures dd', { hasText: /^llada$/ });
    // The server reads the settings anew when the editor has seen the file change.
    for (let attempt = 0; attempt < 30 && (await ofModel.count()) === 0; attempt++) {
      await window.editor.askAnew();
      await ofModel.waitFor({ timeout: 2000 }).catch(() => undefined);
    }
    assert.equal(await page.locator('.trace .figures dd', { hasText: /^threshold,/ }).count(), 1);
    await page
      .locator('.step-words', { hasText: /^Step (\d+) of \1, (\d+) of \2 tokens revealed/ })
      .waitFor();
    await window.editor.screenshot('other-family');
  });

  test('nothing left the machine', () => {
    assert.deepEqual(window.blocked, []);
    assert.doesNotMatch(window.server.log(), /ENOTFOUND|EAI_AGAIN/);
  });

  function running(program: string): number[] {
    return processesWith(`${window.dir}/extensions/`, `/dist/${program}.js`);
  }
});
