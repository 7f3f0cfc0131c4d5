import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';

const SAMPLE = `def add(a, b):
    """Return the sum of a and b."""
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
    await window.editor.type('    return ');
    assert.equal(await window.editor.ghostText(), 'a + b');
    await window.editor.screenshot('ghost-text');
  });
});
