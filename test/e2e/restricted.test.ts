import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';

const SAMPLE = `class Point:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
`;

const environment = findEnvironment();

describe('Restricted Mode', { skip: 'missing' in environment && environment.missing }, () => {
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    window = await launch(environment, {
      name: 'restricted',
      trusted: false,
      files: {
        'sample.py': SAMPLE,
        // What a hostile folder may say about the model is not heard.
        '.vscode/settings.json': JSON.stringify({ 'unmask.model': '/nowhere' }),
      },
    });
  });
  after(() => window?.close());

  test('completion works, with the model of the user', async () => {
    await window.editor.open('sample.py');
    await window.editor.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
    await window.editor.press('Control+End');
    await window.editor.type('        ');
    assert.match(await window.editor.askForGhostText(), /\S/);
    await window.editor.screenshot('ghost-text');
  });

  test('training is not offered', async () => {
    const { page } = window.editor;
    await window.editor.press('F1');
    await page.keyboard.type('Unmask: Train');
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    assert.equal(
      await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Train on' }).count(),
      0,
    );
    await window.editor.press('Escape');
  });
});
