import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RunReader } from '../../extension/run/run-reader.ts';
import { findChromium } from '../../scripts/lib/chromium.mjs';
import type { Frontier, RunUpdate } from '../../server/protocol.ts';
import { savedFrontier } from './support/frontiers.ts';
import { THEMES } from './support/themes.ts';
import { WebviewLab } from './support/webview-lab.ts';

const chromium = findChromium();
const FIXTURE = path.join(import.meta.dirname, '../fixtures/run');
const run = (): Promise<RunUpdate> => new RunReader(FIXTURE).read();

describe('the run page', { skip: !chromium && 'chromium is not installed' }, () => {
  let lab: WebviewLab;
  before(async () => {
    if (chromium) lab = await WebviewLab.open(chromium);
  });
  after(() => lab?.close());

  async function open(options = {}) {
    const loaded = await lab.load('run', options);
    await loaded.send({ type: 'update', ...(await run()) });
    await loaded.page.locator('.plot canvas').first().waitFor();
    return loaded;
  }

  const titles = (loaded: Awaited<ReturnType<typeof open>>) =>
    loaded.page.locator('.plot figcaption').allInnerTexts();

  test('a run has its state, its plots, the frontier with AUP, and its samples', async () => {
    const loaded = await open();
    assert.equal(await loaded.page.locator('.states li').innerText(), 'run: done, step 30 of 30');
    await loaded.page.getByRole('button', { name: 'Compare With Another Run…' }).waitFor();
    assert.deepEqual(await titles(loaded), [
      'Reward',
      'Held-out tasks',
      'Loss',
      'Tokens per forward',
      'KL',
      'Verdicts',
      'Time of each phase',
      'Accuracy against tokens per forward',
    ]);
    assert.match(await loaded.page.locator('.plot').last().innerText(), /AUP \d+\.\d/);
    assert.equal(
      await loaded.page.locator('.plot .spoken').nth(2).textContent(),
      'loss: 0.496 at step 1, 0.380 at step 30',
    );
    assert.equal(await loaded.page.locator('.samples tbody tr').count(), 3);
    assert.deepEqual(loaded.problems, []);
  });

  test('a sample shows its difference to the reference and opens its trace', async () => {
    const loaded = await open();
    await loaded.page.locator('summary', { hasText: 'def fibonacci' }).last().click();
    const diff = loaded.page.locator('.diffs:visible');
    assert.match(await diff.innerText(), /^- {5}return fibonacci\(n - 1\) \+ fibonacci\(n - 2\)$/m);
    assert.match(await diff.innerText(), /^\+ {5}return fibonacci\(n - 1\) \+ fibonacci\(n - 3\)$/m);
    await loaded.page.getByRole('button', { name: 'Open trace' }).click();
    const expected = { type: 'openTrace', run: FIXTURE, file: 'traces/own-7.trace.json' };
    assert.deepEqual((await loaded.posted()).at(-1), expected);
  });

  test('a second run is drawn on the same axes', async () => {
    const loaded = await open();
    await loaded.send({ type: 'update', ...(await run()), run: '/elsewhere/other' });
    await loaded.page.locator('.states li').nth(1).waitFor();
    const legend = await loaded.page.locator('.plot').first().innerText();
    assert.match(legend, /run: reward\.mean[\s\S]*other: reward\.mean/);
    assert.deepEqual(await loaded.state(), { runs: [FIXTURE, '/elsewhere/other'] });
  });

  test('rows that come later are added, and a sample that is open stays open', async () => {
    const loaded = await open();
    await loaded.page.locator('summary', { hasText: 'def fibonacci' }).last().click();
    const more = {
      run: FIXTURE,
      restart: false,
      state: { status: 'running' },
      metrics: [{ step: 31, extra: 1 }],
      samples: [],
    };
    await loaded.send({ type: 'update', ...more });
    await loaded.page.locator('.states li', { hasText: 'run: running, step 31' }).waitFor();
    assert.ok((await titles(loaded)).includes('extra'));
    assert.equal(await loaded.page.locator('.samples tbody tr').count(), 3);
    assert.equal(await loaded.page.locator('.diffs:visible').count(), 1);
  });

  test('what a run says of itself is text', async () => {
    const nasty = '<img src=x onerror="document.title=1">';
    const loaded = await lab.load('run');
    const metrics = [{ step: 1, [nasty]: 1 }];
    const samples = [{ taskId: nasty, verdict: nasty, completion: nasty }];
    await loaded.send({
      type: 'update',
      run: nasty,
      restart: false,
      state: { status: nasty },
      metrics,
      samples,
    });
    await loaded.page.locator('.plot canvas').first().waitFor();
    assert.equal(await loaded.page.locator('img').count(), 0);
    assert.equal(await loaded.page.title(), 'run');
    assert.deepEqual(loaded.problems, []);
  });

  async function openFrontier(options = {}, changes: Partial<Frontier> = {}) {
    const loaded = await lab.load('run', options);
    await loaded.send({ type: 'frontier', frontier: { ...savedFrontier(), ...changes } });
    await loaded.page.locator('.plot canvas').first().waitFor();
    return loaded;
  }

  test('a saved frontier has a plot for each kind of speed, its curves with their AUP, and its points', async () => {
    const loaded = await openFrontier();
    assert.equal(await loaded.page.locator('h1').innerText(), 'Frontier');
    assert.equal(
      await loaded.page.locator('.states li').innerText(),
      'infill.jsonl, unmask-135m: 20 tasks, accuracy by exact match, y_max 20.0 %, intervals of 95 %',
    );
    assert.deepEqual(await titles(loaded), [
      'Accuracy against tokens per denoising forward',
      'Accuracy against tokens per forward, all calls',
      'Accuracy against tokens per second',
    ]);
    const plots = loaded.page.locator('.plot');
    assert.match(await plots.first().innerText(), /ar, AUP 20\.0[\s\S]*verified, AUP 30\.0/);
    assert.match(await plots.nth(1).innerText(), /verified, AUP 28\.0/);
    assert.equal(
      await plots.nth(2).locator('.spoken').textContent(),
      'ar: 20.0 at tokens per second 70; verified: 20.0 at tokens per second 80, 15.0 at tokens per second 90',
    );
    const rows = await loaded.page.locator('.frontier tbody tr').allInnerTexts();
    assert.equal(rows.length, 3);
    assert.match(
      rows[2],
      /^verified\s+threshold 0\.3\s+15\.0 \(5\.0–35\.0\)\s+1\.60 .*\s+1\.50 .*\s+90 \(85–95\)$/,
    );
    assert.equal(await loaded.page.getByRole('button').count(), 0);
    assert.deepEqual(loaded.problems, []);
  });

  test('a file that is no frontier leaves a page with the sentence alone', async () => {
    const loaded = await lab.load('run');
    await loaded.send({ type: 'problem', message: 'bad.frontier.json is not a frontier' });
    await loaded.page.getByRole('alert').filter({ hasText: 'bad.frontier.json' }).waitFor();
    assert.equal(await loaded.page.getByRole('button').count(), 0);
    assert.deepEqual(await loaded.violations(), []);
  });

  test('a frontier without times has none, and what it says of itself is text', async () => {
    const nasty = '<img src=x onerror="document.title=1">';
    const curves = savedFrontier().curves.map((curve) => ({
      ...curve,
      name: nasty,
      points: curve.points.map((point) => ({ ...point, label: nasty, tokensPerSecond: null })),
    }));
    const loaded = await openFrontier({}, { suite: nasty, curves });
    assert.equal((await titles(loaded)).length, 2);
    assert.doesNotMatch(await loaded.page.locator('.frontier thead').innerText(), /tokens\/s/);
    assert.equal(await loaded.page.locator('img').count(), 0);
    assert.equal(await loaded.page.title(), 'run');
    assert.deepEqual(loaded.problems, []);
  });

  for (const theme of Object.keys(THEMES)) {
    test(`no rule of accessibility is broken in the theme ${theme}`, async () => {
      const loaded = await open({ theme, width: 1200 });
      assert.deepEqual(await loaded.violations(), []);
      await loaded.screenshot(`run-${theme}`);
    });

    test(`nor by a frontier in the theme ${theme}`, async () => {
      const loaded = await openFrontier({ theme, width: 1200 });
      assert.deepEqual(await loaded.violations(), []);
      await loaded.screenshot(`frontier-${theme}`);
    });
  }
});
