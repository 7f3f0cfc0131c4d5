import type { Editor } from '../../test/e2e/support/editor.ts';
import { animatedPng, type Frame } from './animated-png.ts';

/** Milliseconds that the beginning, each step and the end are shown. */
const BEGINNING = 1200;
const STEP = 450;
const END = 4000;

/** Steps through the trace that the viewer shows, from all masked to the finished completion. */
export async function unmasking(editor: Editor): Promise<Buffer> {
  const { page } = editor;
  const body = editor.webview().locator('body');
  // A key of the page itself: one of the keyboard would take the focus from the editor, and the ghost text with it.
  const press = (key: string) =>
    body.evaluate(`document.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}' }))`);
  const steps = Number(await editor.webview().locator('.scrubber').getAttribute('max'));
  const viewer = (await page.locator('iframe.webview.ready').boundingBox())!;
  const screenshot = (clip?: typeof viewer) =>
    page.screenshot({ scale: 'css', clip, animations: 'disabled' });

  await body.evaluate(`scrollBy(0, document.querySelector('.heat-strip').getBoundingClientRect().top
    - document.querySelector('.clock').offsetHeight)`);
  await press('Home');
  const frames: Frame[] = [{ png: await screenshot(), x: 0, y: 0, milliseconds: BEGINNING }];
  for (let step = 1; step <= steps; step++) {
    await press('ArrowRight');
    frames.push({
      png: await screenshot(viewer),
      x: Math.round(viewer.x),
      y: Math.round(viewer.y),
      milliseconds: step < steps ? STEP : END,
    });
  }
  return animatedPng(frames);
}
