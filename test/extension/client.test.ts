import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { Client, type ClientState } from '../../extension/client/client.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { isRunning } from '../support/processes.ts';

/** A server in plain JSON-RPC: `handlers` by method, what they return is the answer. */
const SERVER = (handlers: string) => `
  const send = (message) => process.send({ jsonrpc: '2.0', ...message });
  const log = [];
  const answer = (id, result) => send({ id, result });
  const handlers = {
    initialize: () => ({ capabilities: {} }),
    pid: () => process.pid,
    log: () => log,
    shutdown: () => null,
    exit: () => process.exit(),
    ${handlers}
  };
  process.on('message', ({ id, method, params, result }) => {
    log.push([method ?? 'answer', params ?? result ?? null]);
    const given = handlers[method]?.(params, id);
    if (id !== undefined && method && given !== undefined) answer(id, given);
  });
  process.on('disconnect', () => process.exit());
`;

function clientOf(t: TestContext, handlers = '', server = SERVER(handlers)) {
  const dir = temporaryFolder(t);
  const [program, thread] = [path.join(dir, 'server.cjs'), path.join(dir, 'thread.cjs')];
  writeFileSync(program, server);
  buildSync({
    entryPoints: [path.join(import.meta.dirname, '../../extension/client/server-thread.ts')],
    outfile: thread,
    platform: 'node',
    format: 'cjs',
  });
  const states: ClientState[] = [];
  const given: string[] = [];
  const client = new Client({
    thread,
    server: program,
    initialize: { rootUri: null, capabilities: {} },
    onGivenUp: (error) => given.push(error.message),
  });
  client.onDidChangeState((state) => states.push(state));
  t.after(() => client.dispose());
  return { client, states, given };
}

const reached = (client: Client, wanted: ClientState) =>
  new Promise<void>((resolve) => client.onDidChangeState((state) => state === wanted && resolve()));

test('messages go both ways and keep their order', async (t) => {
  const { client, states } = clientOf(
    t,
    `ask: (params) => void send({ id: 'mine', method: 'settings', params }),`,
  );
  client.onRequest('settings', ({ section }: { section: string }) => ({ of: section }));
  const heard: unknown[] = [];
  client.onNotification('window/logMessage', (params) => heard.push(params));
  client.sendNotification('early', {});
  // Asked before the server is there: it waits.
  const starting = client.start();
  const pid = await client.sendRequest<number>('pid');
  await starting;
  assert.deepEqual(states, ['starting', 'running']);
  client.sendNotification('ask', { section: 'a' });
  client.sendNotification('first', { text: 'ä\u0000😀' });
  const before = await client.sendRequest<[string, object][]>('log');
  assert.deepEqual(
    before.map(([method]) => method),
    ['initialize', 'initialized', 'pid', 'ask', 'first', 'log'],
  );
  assert.deepEqual(before[0][1], { processId: process.pid, rootUri: null, capabilities: {} });
  assert.deepEqual(before[4][1], { text: 'ä\u0000😀' });
  const after = await client.sendRequest<[string, object][]>('log');
  assert.deepEqual(
    after.filter(([method]) => method === 'answer'),
    [['answer', { of: 'a' }]],
  );
  assert.deepEqual(heard, []);
  await client.dispose();
  assert.ok(!isRunning(pid));
  assert.deepEqual(states.slice(2), ['stopped']);
  await assert.rejects(client.sendRequest('pid'), { message: 'the language server is not running.' });
});

test('a request that is taken back is cancelled at the server', async (t) => {
  const { client } = clientOf(
    t,
    `slow: () => undefined,
     '$/cancelRequest': ({ id }) => void send({ id, error: { code: -32800, message: 'cancelled' } }),`,
  );
  await client.start();
  let cancel = () => {};
  const onCancellationRequested = (listener: () => void) => {
    cancel = listener;
    return { dispose: () => {} };
  };
  const answer = client.sendRequest('slow', {}, { onCancellationRequested });
  cancel();
  await assert.rejects(answer, { message: 'cancelled' });
});

test('what the server prints is logged', async (t) => {
  const { client } = clientOf(t, `print: () => { console.log('out'); console.error('err'); return null; },`);
  const lines: unknown[] = [];
  const two = new Promise<void>((resolve) => {
    client.onNotification('window/logMessage', (params) => lines.push(params) === 2 && resolve());
  });
  await client.start();
  await client.sendRequest('print');
  await two;
  const sorted = lines.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  assert.deepEqual(sorted, [
    { type: 1, message: 'err' },
    { type: 4, message: 'out' },
  ]);
});

test('a server that dies is started again, with all handlers; what was asked of it fails', async (t) => {
  const { client, states, given } = clientOf(
    t,
    `slow: () => undefined, hello: () => void send({ method: 'hello', params: {} }),`,
  );
  await client.start();
  const pid = await client.sendRequest<number>('pid');
  const lost = client.sendRequest('slow');
  process.kill(pid, 'SIGKILL');
  await assert.rejects(lost);
  const greeted = new Promise((resolve) => client.onNotification('hello', resolve));
  assert.notEqual(await client.sendRequest<number>('pid'), pid);
  client.sendNotification('hello', {});
  await greeted;
  assert.deepEqual(states, ['starting', 'running', 'starting', 'running']);
  assert.deepEqual(given, []);
});

test('a server that keeps dying is left until somebody starts it', async (t) => {
  const { client, given } = clientOf(t, `die: () => process.exit(3),`);
  await client.start();
  for (let i = 0; i < 5; i++) {
    const next = reached(client, i < 4 ? 'running' : 'stopped');
    client.sendNotification('die', {});
    await next;
  }
  assert.deepEqual(given, ['it ended 5 times within 3 minutes.']);
  await client.start();
  assert.ok(client.running);
});

test('a server that cannot be started, or refuses, is told', async (t) => {
  const none = clientOf(t, '', 'process.exit(1)');
  await assert.rejects(none.client.start(), { message: 'it has ended; the log may say why.' });
  assert.deepEqual(none.states, ['starting', 'stopped']);
  const refusing = clientOf(
    t,
    `initialize: (_, id) => void send({ id, error: { code: -32603, message: 'no engine' } }),`,
  );
  await assert.rejects(refusing.client.start(), { message: 'no engine' });
  assert.deepEqual(refusing.states, ['starting', 'stopped']);
  assert.deepEqual([...none.given, ...refusing.given], []);
});

test('a server that does not end when asked is left without its connection, and ends', async (t) => {
  const { client } = clientOf(t, 'shutdown: () => undefined, exit: () => undefined,');
  await client.start();
  const pid = await client.sendRequest<number>('pid');
  await client.dispose();
  while (isRunning(pid)) await delay(5);
});
