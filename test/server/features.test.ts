import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { StatusParams, StepParams, Trajectory } from '../../server/protocol.ts';
import { Editor, URI } from './editor.ts';

const RULES = [{ after: 'x = ', tokens: ['compute', '(1,', ' 2)'] }];
const DOCUMENT = 'y = 0\nx = █\n';

test('the status follows the engine, without two equal notifications in a row', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.answer();
  await editor.client.shutdown();
  const states = editor.client.received
    .filter(({ method }) => method === 'unmask/status')
    .map(({ params }) => params as StatusParams);
  const kinds = states.map(({ state }) => state.kind).filter((kind, i, all) => kind !== all[i - 1]);
  assert.deepEqual(kinds, ['ready', 'loading', 'busy', 'ready']);
  assert.equal(new Set(states.map((state) => JSON.stringify(state))).size, states.length);
  const last = states.at(-1)!;
  assert.equal(last.model, 'scripted');
  assert.equal(last.device, 'cpu');
  assert.equal(last.tokensPerSecond, 1000);
  assert.equal(last.cacheHitRate, 0);
});

test('paused, nothing is completed and the status says why; resumed, it goes on', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.client.request('unmask/pause', { reason: 'Snoozed', unload: true });
  assert.equal(await editor.answer({ manual: true }), null);
  assert.equal(editor.forwards, 0);
  await editor.client.request('unmask/resume', undefined);
  assert.equal(await editor.answer({ manual: true }), 'compute(1, 2)');
  const states = editor.client.received
    .filter(({ method }) => method === 'unmask/status')
    .map(({ params }) => (params as StatusParams).state);
  assert.ok(states.some((state) => state.kind === 'paused' && state.reason === 'Snoozed'));
});

test('steps are sent only to a client that watches, and the last trajectory on request', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  assert.equal(await editor.client.request('unmask/lastTrajectory', undefined), null);
  await editor.answer();
  assert.equal(editor.client.count('unmask/step'), 0);
  await editor.client.request('unmask/watch', { on: true });
  await editor.client.request('unmask/restartEngine', undefined);
  assert.equal(await editor.answer(), 'compute(1, 2)');
  const { request, step } = await editor.client.notification<StepParams>('unmask/step', 3);
  assert.equal(request, 2);
  assert.equal(step.revealed[0].text, ' 2)');
  const trajectory = await editor.client.request<Trajectory>('unmask/lastTrajectory', undefined);
  assert.equal(trajectory.text, 'compute(1, 2)');
  await editor.client.request('unmask/clearData', undefined);
  assert.equal(await editor.client.request('unmask/lastTrajectory', undefined), null);
});

test('settings are pulled from a client that has them, and pulled again when they change', async (t) => {
  const editor = new Editor(t);
  let settings: unknown = { enable: false };
  const scopes: unknown[] = [];
  editor.client.onRequest('workspace/configuration', ({ items }: { items: { scopeUri?: string }[] }) => {
    scopes.push(items[0].scopeUri);
    return [settings];
  });
  await editor.start(DOCUMENT, RULES, { capabilities: { workspace: { configuration: true } } });
  assert.equal(await editor.answer({ manual: true }), null);
  settings = { enable: true, model: '/models/other', threads: 3 };
  editor.client.notify('workspace/didChangeConfiguration', { settings: null });
  assert.equal(await editor.answer({ manual: true }), 'compute(1, 2)');
  assert.deepEqual(await editor.client.request('fake/settings', undefined), {
    modelDir: '/models/other',
    device: 'auto',
    threads: 3,
    unloadAfterMinutes: 15,
    storageDir: editor.storageDir,
  });
  assert.ok(scopes.includes(URI));
});

test('loading is shown as progress where the client can', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES, { capabilities: { window: { workDoneProgress: true } } });
  await editor.answer();
  const end = await editor.client.notification<{ value: { kind: string } }>('$/progress', 3);
  assert.equal(end.value.kind, 'end');
  assert.equal(editor.client.count('window/workDoneProgress/create'), 1);
});

test('the diagnostics tell of engine, latencies and settings but hold no text of a document', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.answer();
  const { text } = await editor.client.request<{ text: string }>('unmask/diagnostics', undefined);
  for (const part of [
    'Model: scripted (none), weights 00',
    'Device: cpu, 1 threads',
    'Counters:',
    '"maxTokens":64',
  ])
    assert.ok(text.includes(part), text);
  assert.ok(!text.includes('compute'));
});

test('acceptance is counted from the changes of the document and kept in numbers only', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  const [item] = (await editor.ask().answer)!;
  editor.type(item.insertText);
  await editor.client.request('workspace/executeCommand', item.command);
  await editor.client.shutdown();
  const stored = await readFile(path.join(editor.storageDir, 'acceptance.json'), 'utf8');
  assert.deepEqual(JSON.parse(stored), {
    offered: 1,
    accepted: 1,
    partlyAccepted: 0,
    acceptedCharacters: 13,
    retainedCharacters: 13,
  });
});

test('the server ends when its input ends', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  editor.client.endInput();
  assert.equal(await editor.client.exited, 1);
});

test('the server ends when its client is gone, although its input stays open', async (t) => {
  const client = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES, { processId: client.pid });
  client.kill('SIGKILL');
  assert.equal(await editor.client.exited, 1);
});
