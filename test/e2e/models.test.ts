import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CUDA_PACKAGE, fakeFeed } from '../support/fake-feed.ts';
import { type Fault, fakeHub, REPOSITORY } from '../support/fake-hub.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';
import { zip } from '../support/zip.ts';
import { findEnvironment } from './support/environment.ts';
import { type Launched, launch } from './support/launch.ts';
import { readJson } from './support/read-json.ts';

const WEIGHTS = 'model.safetensors';
/** Bytes after which the hub sends no more than one a second. */
const QUICK = 5000;
const TOKEN = 'a-token';

const forbidden: Fault = (_request, response) => {
  response.writeHead(401).end();
  return true;
};
const slow: Fault = (_request, response, content) => {
  response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, QUICK));
  let sent = QUICK;
  const timer = setInterval(() => response.write(content.subarray(sent, ++sent)), 1000);
  response.on('close', () => clearInterval(timer));
  return true;
};

const environment = findEnvironment();

describe('models', { skip: 'missing' in environment && environment.missing }, () => {
  const model = mkdtempSync(path.join(os.tmpdir(), 'unmask-e2e-model-'));
  const servers: (() => void)[] = [];
  let hub: Awaited<ReturnType<typeof fakeHub>>;
  let window: Launched;
  before(async () => {
    if ('missing' in environment) return;
    writeTinyModel(model);
    const files = readdirSync(model).map((name) => [name, readFileSync(path.join(model, name))] as const);
    const closing = { after: (close: () => void) => void servers.push(close) };
    hub = await fakeHub(closing, Object.fromEntries(files), { [WEIGHTS]: [forbidden, slow] });
    process.env.UNMASK_NUGET = await fakeFeed(closing, zip(CUDA_PACKAGE));
    window = await launch(environment, {
      name: 'models',
      trusted: true,
      settings: { 'unmask.hub': hub.endpoint, 'unmask.minConfidence': -1, 'unmask.maxTokens': 8 },
      files: { 'sample.py': 'x = 1\n' },
    });
  });
  after(async () => {
    await window?.close();
    for (const close of servers) close();
    rmSync(model, { recursive: true });
  });

  const settingsFile = () => path.join(window.dir, 'user-data/Machine/settings.json');
  const setting = () => readJson(settingsFile())['unmask.model'];
  const modelsDir = () => path.join(window.dir, 'user-data/User/globalStorage/unmask.unmask/models');

  test('a model is downloaded: its token is asked for, it can be cancelled and goes on', async () => {
    const { editor } = window;
    await editor.open('sample.py');
    await editor.status().waitFor();
    await download();
    await editor.message('does not give').getByRole('button', { name: 'Enter Token' }).click();
    await editor.page.locator('.quick-input-widget', { hasText: 'secret storage' }).waitFor();
    await editor.type(TOKEN);
    await editor.screenshot('token');
    await editor.press('Enter');
    const progress = editor.message(`downloading ${REPOSITORY}`);
    await progress.filter({ hasText: ' MB of ' }).waitFor();
    await editor.screenshot('progress');
    await progress.getByRole('button', { name: 'Cancel' }).click();
    await editor.message('was cancelled').waitFor();
    await editor.screenshot('cancelled');
    const partial = path.join(modelsDir(), 'tiny.partial');
    const there = statSync(path.join(partial, `${WEIGHTS}.part`)).size;
    hub.requests.length = 0;
    await download();
    const use = editor.message('tiny is here. Licence: apache-2.0').getByRole('button', { name: 'Use It' });
    await use.waitFor();
    await editor.screenshot('downloaded');
    await use.click();
    assert.ok(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
    const weights = hub.requests.filter(({ url }) => url.endsWith(WEIGHTS));
    assert.deepEqual(
      weights.map(({ range }) => range),
      [there > 0 ? `bytes=${there}-` : undefined],
    );
    while (setting() !== path.join(modelsDir(), 'tiny')) await delay(100);
    await editor.completesWith('tiny');
    await download();
    await editor.message('tiny is there already').getByRole('button', { name: 'Choose Model' }).click();
    await editor.row('unmask-135m').waitFor();
    assert.match(await editor.row('tiny').innerText(), /in use/);
    await editor.screenshot('choose-model');
    await editor.row('unmask-135m').click();
    while (setting() !== '') await delay(100);
  });

  test('a folder that holds no model is told, and another one helps', async () => {
    const { editor } = window;
    const set = (dir: string) =>
      writeFileSync(settingsFile(), JSON.stringify({ ...readJson(settingsFile()), 'unmask.model': dir }));
    set('/nowhere');
    await editor.completesWith('/nowhere is not a model folder');
    await editor.screenshot('no-model');
    set(path.join(modelsDir(), 'tiny'));
    await editor.completesWith('tiny');
  });

  test('the libraries for CUDA are fetched, and the diagnostics have the devices', async () => {
    const { editor } = window;
    await editor.command('Install CUDA Provider');
    await editor.message('the libraries for CUDA are here').waitFor();
    await editor.screenshot('cuda');
    const binding = 'dist/node_modules/onnxruntime-node/bin/napi-v6/linux/x64';
    const [extension] = readdirSync(path.join(window.dir, 'extensions')).filter((name) =>
      /^unmask/.test(name),
    );
    for (const [name, content] of Object.entries(CUDA_PACKAGE)) {
      const file = path.join(window.dir, 'extensions', extension, binding, path.basename(name));
      assert.ok(readFileSync(file).equals(content));
    }
    await editor.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await editor.command('Copy Diagnostics');
    let text = '';
    while (!text.startsWith('Unmask ')) {
      await delay(100);
      text = String(await editor.page.evaluate('navigator.clipboard.readText()'));
    }
    assert.match(text, /^Model: tiny \(none\), weights [0-9a-f]{16}$/m);
    assert.match(text, /^Devices: /m);
  });

  async function download(): Promise<void> {
    await window.editor.commandWithList('Download Model…');
    // The list draws only what can be seen of it.
    await window.editor.row('open-dcoder').waitFor();
    await window.editor.press('ArrowUp');
    await window.editor.row('Another repository…').click();
    await window.editor.page.locator('.quick-input-widget', { hasText: 'Repository on the hub' }).waitFor();
    await window.editor.type(REPOSITORY);
    await window.editor.press('Enter');
  }
});
