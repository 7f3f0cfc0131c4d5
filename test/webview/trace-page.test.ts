import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findChromium } from '../../scripts/lib/chromium.mjs';
import type { Trajectory } from '../../server/protocol.ts';
import { THEMES } from './support/themes.ts';
import { savedTrace, step, traceOf } from './support/traces.ts';
import { type LoadedPage, type PageOptions, WebviewLab } from './support/webview-lab.ts';

const chromium = findChromium();

describe('the trace page', { skip: !chromium && 'chromium is not installed' }, () => {
  let lab: WebviewLab;
  before(async () => {
    if (chromium) lab = await WebviewLab.open(chromium);
  });
  after(() => lab?.close());

  /** The page with these traces in it. */
  async function open(traces: Trajectory[], options?: PageOptions): Promise<LoadedPage> {
    const loaded = await lab.load('trace', options);
    for (const [i, trajectory] of traces.entries()) {
      await loaded.send({ type: i === 0 ? 'show' : 'beside', name: `trace ${i}`, trajectory });
    }
    await loaded.page
      .locator('.trace')
      .nth(traces.length - 1)
      .waitFor({ state: 'attached' });
    return loaded;
  }

  const words = ({ page }: LoadedPage) => page.locator('.step-words').innerText();
  const standing = ({ page }: LoadedPage) =>
    page.locator('.trace .token.new, .trace .token.old').allInnerTexts();

  test('asks for work once, is empty then, and breaks no rule of its policy', async () => {
    const loaded = await lab.load('trace');
    assert.deepEqual(await loaded.posted(), [{ type: 'ready', empty: true }]);
    assert.match(await words(loaded), /^No completion yet/);
    assert.deepEqual(loaded.problems, []);
  });

  test('steps by keys: the text that stands after each step is that of the trace', async () => {
    const loaded = await open([savedTrace('ar')]);
    assert.match(await words(loaded), /^Step 20 of 20, 20 of 20 tokens revealed/);
    await loaded.page.keyboard.press('Home');
    assert.deepEqual(await standing(loaded), []);
    const { responseTexts } = savedTrace('ar');
    for (const shown of [1, 2, 3]) {
      await loaded.page.keyboard.press('ArrowRight');
      assert.deepEqual(await standing(loaded), responseTexts.slice(0, shown));
    }
    await loaded.page.keyboard.press('ArrowLeft');
    assert.match(await words(loaded), /^Step 2 of 20, 2 of 20/);
    assert.deepEqual(loaded.problems, []);
  });

  test('a token that verification disagreed with is struck out, and its details say so', async () => {
    const loaded = await open([savedTrace('verified')]);
    await loaded.page.keyboard.press('Home');
    for (let i = 0; i < 2; i++) await loaded.page.keyboard.press('ArrowRight');
    const taken = loaded.page.locator('.trace .token.takenBack').first();
    const expected = savedTrace('verified').steps[1].rolledBack.length;
    // One of the places was given the verified token at once.
    assert.equal(await loaded.page.locator('.trace .token.takenBack').count(), expected - 1);
    await taken.focus();
    assert.match(await loaded.page.locator('.details').innerText(), /Step 2: .* was taken back/);
    assert.match(await loaded.page.locator('.details').innerText(), /Most likely tokens/);
  });

  test('the details of a token say what a learned policy made of it', async () => {
    const trace = traceOf(['a', 'b']);
    trace.steps[0].decision = { eligible: [0, 1], chosen: [1], probabilities: [0.25, 0.8], logProb: -0.5 };
    const { page } = await open([trace]);
    await page.locator('.trace .token[tabindex="0"]').focus();
    const details = page.locator('.details');
    assert.match(await details.innerText(), /Step 1: the policy left it at 25 %/);
    await page.keyboard.press('ArrowRight');
    assert.match(await details.innerText(), /Step 1: the policy chose it at 80 %/);
  });

  test('the tokens are one stop of Tab; arrows move between them, Enter goes to the step of one', async () => {
    const loaded = await open([savedTrace('verified')]);
    const { page } = loaded;
    assert.equal(await page.locator('.trace .token[tabindex="0"]').count(), 1);
    await page.locator('.trace .token[tabindex="0"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const focused = page.locator('.trace .token:focus');
    assert.equal(await focused.getAttribute('data-position'), '2');
    assert.match(
      (await focused.getAttribute('aria-label'))!,
      /^Token 3, “.*”, revealed earlier, confidence \d+ %$/,
    );
    assert.match(await page.locator('.details h3').innerText(), /Token 3/);
    await page.keyboard.press('End');
    assert.equal(await focused.getAttribute('data-position'), '19');
    await page.keyboard.press('Enter');
    assert.match((await focused.getAttribute('class'))!, /\bnew\b/);
  });

  test('space plays to the end', async () => {
    const trace = traceOf(['a', 'b', 'c']);
    trace.steps = trace.responseIds.map((_, i) =>
      step(i, {
        windowStart: i,
        window: [null],
        revealed: [traceOf(['a', 'b', 'c']).steps[0].revealed[i]],
        settled: i + 1,
      }),
    );
    const loaded = await open([trace]);
    await loaded.page.keyboard.press(' ');
    await loaded.page.getByRole('button', { name: 'Pause' }).waitFor();
    await loaded.page.getByRole('button', { name: 'Play' }).waitFor();
    assert.match(await words(loaded), /^Step 3 of 3, 3 of 3/);
  });

  test('while the slider is dragged, what can be seen is drawn, after scrolling too; the rest when it is let go', async () => {
    const loaded = await open([traceOf(Array.from({ length: 400 }, (_, i) => `line ${i}\n`))]);
    const { page } = loaded;
    const standsAt = (position: number) => page.locator(`.token.new[data-position="${position}"]`).count();
    const drag = (to: number, event: string) =>
      page.evaluate(`{
        const slider = document.querySelector('.scrubber');
        slider.value = '${to}';
        slider.dispatchEvent(new Event('${event}'));
      }`);
    await drag(0, 'input');
    assert.deepEqual([await standsAt(0), await standsAt(399)], [0, 1]);
    await page.locator('.token').last().scrollIntoViewIfNeeded();
    await page.locator('.token.absent[data-position="399"]').waitFor();
    assert.equal(await standsAt(200), 1);
    await drag(0, 'change');
    assert.equal(await page.locator('.trace .token.new').count(), 0);
  });

  test('two traces run on one clock', async () => {
    const loaded = await open([savedTrace('ar'), savedTrace('verified')]);
    assert.equal(await loaded.page.locator('.trace').count(), 2);
    await loaded.page.keyboard.press('Home');
    for (let i = 0; i < 10; i++) await loaded.page.keyboard.press('ArrowRight');
    const [, first, second] = /^Trace 1: Step (\d+) of 20.*Trace 2: Step (\d+) of 10/.exec(
      await words(loaded),
    )!;
    assert.equal(Number(first) + Number(second), 10);
  });

  test('the steps of a completion appear as they come, and the finished one takes their place', async () => {
    const loaded = await open([savedTrace('ar')]);
    const trajectory = savedTrace('verified');
    await loaded.send({ type: 'begin', request: 5, prompt: trajectory.prompt });
    await loaded.send({ type: 'step', request: 4, step: trajectory.steps[0] });
    for (const each of trajectory.steps.slice(0, 3))
      await loaded.send({ type: 'step', request: 5, step: each });
    await loaded.page.locator('.step-words', { hasText: 'Step 3 of 3' }).waitFor();
    assert.match(await loaded.page.locator('.tokens').innerText(), /def fibonacci/);
    await loaded.send({ type: 'show', name: 'finished', trajectory });
    await loaded.page.locator('.step-words', { hasText: 'Step 10 of 10, 20 of 20' }).waitFor();
    assert.deepEqual(loaded.problems, []);
  });

  test('a cancelled completion gives way to what was there before', async () => {
    const loaded = await open([savedTrace('ar')]);
    await loaded.send({ type: 'begin', request: 5, prompt: savedTrace('ar').prompt });
    await loaded.send({ type: 'end', request: 5 });
    await loaded.page.locator('.step-words', { hasText: 'Step 20 of 20' }).waitFor();
  });

  test('the same prompt is run again with other settings', async () => {
    const loaded = await open([savedTrace('verified')]);
    await loaded.page.getByRole('combobox', { name: 'Mode' }).click();
    await loaded.page.getByRole('option', { name: 'one by one' }).click();
    await loaded.page.getByLabel('Threshold').fill('0.5');
    await loaded.page.getByRole('button', { name: 'Run beside' }).click();
    const { prompt, settings } = savedTrace('verified');
    assert.deepEqual((await loaded.posted()).at(-1), {
      type: 'try',
      beside: true,
      prompt,
      settings: { ...settings, mode: 'ar', threshold: 0.5 },
    });
  });

  test('beams are a setting of a trace that has them, and of one mode only', async () => {
    const trajectory = savedTrace('ar');
    const settings = { ...trajectory.settings, beams: 8 };
    const loaded = await open([{ ...trajectory, settings }]);
    await loaded.page.getByLabel('Beams').fill('4');
    await loaded.page.getByRole('button', { name: 'Run', exact: true }).click();
    const sent = async () => (await loaded.posted()).at(-1);
    const { prompt } = trajectory;
    const asked = { type: 'try', beside: false, prompt };
    assert.deepEqual(await sent(), { ...asked, settings: { ...settings, beams: 4 } });
    await loaded.page.getByRole('combobox', { name: 'Mode' }).click();
    await loaded.page.getByRole('option', { name: 'verified' }).click();
    await loaded.page.getByRole('button', { name: 'Run', exact: true }).click();
    assert.deepEqual(await sent(), { ...asked, settings: { ...settings, mode: 'verified', beams: 1 } });
  });

  test('a setting outside its range is not sent', async () => {
    const loaded = await open([savedTrace('verified')]);
    await loaded.page.getByLabel('Threshold').fill('7');
    await loaded.page.getByRole('button', { name: 'Run', exact: true }).click();
    assert.deepEqual(
      (await loaded.posted()).map(({ type }) => type),
      ['ready'],
    );
  });

  test('save and compare are asked of the editor', async () => {
    const loaded = await open([savedTrace('ar')]);
    await loaded.page.getByRole('button', { name: 'Save Trace…' }).click();
    await loaded.page.getByRole('button', { name: 'Compare…' }).click();
    assert.deepEqual((await loaded.posted()).slice(1), [
      { type: 'save', name: 'trace 0', trajectory: savedTrace('ar') },
      { type: 'compare' },
    ]);
  });

  test('after a reload the page is where it was', async () => {
    const loaded = await open([savedTrace('verified')]);
    for (let i = 0; i < 3; i++) await loaded.page.keyboard.press('ArrowLeft');
    const state = await loaded.state();
    const again = await lab.load('trace', { state });
    assert.equal(await words(again), await words(loaded));
    assert.deepEqual(await again.posted(), [{ type: 'ready', empty: false }]);
    // The document itself, shown again, changes nothing.
    await again.send({ type: 'show', name: 'trace 0', trajectory: savedTrace('verified') });
    await again.send({ type: 'problem', message: 'seen' });
    await again.page.locator('.problem', { hasText: 'seen' }).waitFor();
    assert.equal(await words(again), await words(loaded));
  });

  test('tokens are text, whatever they say', async () => {
    const nasty = [
      '<img src=x onerror="document.title=1">',
      '</span><script>document.title=2</script>',
      '\u202e\u0000',
    ];
    const trace = traceOf(nasty);
    trace.model = '<b>bold</b>';
    trace.prompt!.prefix = '<i>prefix</i>';
    const loaded = await open([trace]);
    await loaded.page.locator('.token').first().focus();
    assert.equal(await loaded.page.locator('.tokens img, .tokens script, .trace b, .trace i').count(), 0);
    assert.equal(await loaded.page.title(), 'trace');
    assert.equal((await standing(loaded))[0], nasty[0]);
    assert.deepEqual(loaded.problems, []);
  });

  test('a problem is a sentence on the page', async () => {
    const loaded = await lab.load('trace');
    await loaded.send({ type: 'problem', message: 'a.trace.json is not JSON' });
    await loaded.page.getByRole('alert').filter({ hasText: 'a.trace.json is not JSON' }).waitFor();
  });

  for (const theme of Object.keys(THEMES)) {
    test(`no rule of accessibility is broken in the theme ${theme}`, async () => {
      const loaded = await open([savedTrace('verified'), savedTrace('ar')], { theme, width: 1200 });
      for (let i = 0; i < 20; i++) await loaded.page.keyboard.press('ArrowLeft');
      await loaded.page.locator('.trace .token.in-window').first().focus();
      assert.deepEqual(await loaded.violations(), []);
      await loaded.screenshot(`trace-${theme}`);
    });
  }

  test('where motion is not wanted nothing is animated', async () => {
    const loaded = await open([savedTrace('ar')], { reducedMotion: true });
    const duration = await loaded.page.evaluate(
      `getComputedStyle(document.querySelector('.token.new')).transitionDuration`,
    );
    assert.equal(duration, '0s');
  });

  test('where the system chooses the colours every state still has a shape of its own', async () => {
    const loaded = await open([savedTrace('verified')], { forcedColors: true });
    await loaded.page.keyboard.press('Home');
    for (let i = 0; i < 2; i++) await loaded.page.keyboard.press('ArrowRight');
    const looks =
      (await loaded.page.evaluate(`[...document.querySelectorAll('.legend .token')].map((token) => {
      const { backgroundImage, boxShadow, outlineStyle, textDecorationLine } = getComputedStyle(token);
      return [backgroundImage, boxShadow, outlineStyle, textDecorationLine].join(' ');
    })`)) as string[];
    assert.equal(new Set(looks).size, 5);
    await loaded.screenshot('trace-forced-colors');
  });
});
