/**
 * Writes every picture of README and walkthrough, light and dark. They show the packaged extension and what the embedded
 * model writes, which is the same every time; only measured times differ from run to run. The machine has another name in them.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findEnvironment } from '../../test/e2e/support/environment.ts';
import { type Launched, launch } from '../../test/e2e/support/launch.ts';
import { ROOT } from '../lib/paths.mjs';
import { unmasking } from './unmasking.ts';

const THEMES = { dark: 'Dark Modern', light: 'Light Modern' };
const CODE = `class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

`;
const TYPED = `    def __mul__(self, factor):
        `;
/** Nothing on the screen but what the pictures are about. */
const SETTINGS = {
  'workbench.activityBar.location': 'hidden',
  'workbench.layoutControl.enabled': false,
  'window.commandCenter': false,
  'editor.minimap.enabled': false,
  'editor.lightbulb.enabled': 'off',
  'breadcrumbs.enabled': false,
};

const environment = findEnvironment();
if ('missing' in environment) throw new Error(`The pictures cannot be made: ${environment.missing}.`);

for (const [kind, theme] of Object.entries(THEMES)) {
  const window = await launch(environment, {
    name: `pictures-${kind}`,
    files: { 'point.py': CODE },
    settings: { ...SETTINGS, 'workbench.colorTheme': theme },
    trusted: true,
    size: { width: 900, height: 480, scale: 2 },
  });
  try {
    await takePictures(window, kind);
  } finally {
    await window.close();
  }
}

async function takePictures({ editor }: Launched, kind: string): Promise<void> {
  const { page } = editor;
  const write = (file: string, picture: Buffer) => {
    const target = path.join(ROOT, `${file}-${kind}.png`);
    writeFileSync(target, picture);
    console.log(`${path.relative(ROOT, target)}: ${(picture.length / 1000).toFixed(0)} kB`);
  };
  const screenshot = () => page.screenshot({ animations: 'disabled', caret: 'initial' });

  await editor.open('point.py');
  await editor.press('Control+B');
  await editor.press('Control+End');
  await editor.type(TYPED);
  await editor.askForGhostText();
  await editor.status().locator('.codicon-eye').waitFor();
  write('media/walkthrough/ghost-text', await screenshot());

  await editor.status().hover();
  await page.locator('.monaco-hover', { hasText: 'Device' }).waitFor();
  const host = page.locator('.monaco-hover td', { hasText: os.hostname() });
  await host.evaluate((cell) => (cell.textContent = 'workstation'));
  write('media/walkthrough/status', await screenshot());
  await editor.status().click();
  await page.locator('.quick-input-list', { hasText: 'Snooze' }).waitFor();
  write('media/walkthrough/menu', await screenshot());
  await editor.press('Escape');

  await editor.command('Unmask: Show How the Last Completion Was Written');
  await editor.webview().locator('.trace .token').first().waitFor();
  await editor.press('Control+1');
  await editor.askForGhostText();
  write('media/walkthrough/unmasking', await unmasking(editor));

  await editor.webview().getByRole('combobox', { name: 'Mode' }).click();
  await editor.webview().getByRole('option', { name: 'one by one' }).click();
  await editor.webview().getByRole('button', { name: 'Run beside' }).click();
  await editor.webview().locator('.trace').nth(1).getByText('ar, threshold').waitFor();
  await page.setViewportSize({ width: 1100, height: 700 });
  await editor.command('View: Maximize Editor Group');
  await editor.webview().locator('.scrubber').press('Home');
  for (let i = 0; i < 12; i++) await editor.webview().locator('.scrubber').press('ArrowRight');
  await editor.webview().locator('body').evaluate('scrollTo(0, 0)');
  await editor.webview().locator('.token.new').first().hover();
  write('docs/images/compare', await screenshot());
}
