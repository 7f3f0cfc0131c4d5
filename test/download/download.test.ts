import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { downloadModel } from '../../server/download/download.ts';
import { lockFolder } from '../../server/folder-lock.ts';
import { type Fault, fakeHub, REPOSITORY } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const random = testRandom(3);
const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => 256 * random()));
const SHARD = 'model-00001-of-00002.safetensors';
const FILES = {
  'config.json': Buffer.from('{"model_type": "llama"}'),
  'tokenizer.json': bytes(3000),
  [SHARD]: bytes(200_000),
  'model-00002-of-00002.safetensors': bytes(70_000),
};

async function download(t: TestContext, faults: Record<string, Fault[]> = {}, options: object = {}) {
  const files = { ...FILES, 'modeling.py': bytes(10), 'picture.png': bytes(10) };
  const hub = await fakeHub(t, files, faults);
  const dest = path.join(temporaryFolder(t), 'tiny');
  const shares: number[] = [];
  const run = () =>
    downloadModel(REPOSITORY, dest, {
      endpoint: hub.endpoint,
      revision: 'main',
      firstWait: 1,
      silence: 300,
      progress(done, total) {
        shares.push(done / total);
        for (const socket of doomed) socket.destroy();
        doomed.clear();
      },
      ...options,
    });
  return { hub, dest, run, shares };
}

function assertComplete(dest: string): void {
  assert.deepEqual(readdirSync(dest).sort(), Object.keys(FILES).sort());
  for (const [name, content] of Object.entries(FILES)) {
    assert.ok(readFileSync(path.join(dest, name)).equals(content), name);
  }
  assert.ok(!existsSync(`${dest}.partial`));
}

test('weights, config and tokenizer of a revision are fetched, and nothing else', async (t) => {
  const { hub, dest, run, shares } = await download(t);
  const { commit, licence } = await run();
  assertComplete(dest);
  assert.equal(commit, hub.commit);
  assert.equal(licence, 'apache-2.0');
  assert.equal(shares.at(-1), 1);
  assert.ok(
    hub.requests.every(({ url, authorization }) => !/py|png/.test(url) && authorization === undefined),
  );
  await assert.rejects(run(), { name: 'UserError', message: /tiny is there already/ });
});

/** Connections that are cut as soon as something has come through them. */
const doomed = new Set<Socket>();

const cutAt =
  (count: number): Fault =>
  (request, response, content) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
    response.write(content.subarray(start, start + count));
    doomed.add(request.socket);
    return true;
  };
const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(code, headers).end();
    return true;
  };

for (const [name, faults] of Object.entries<Fault[]>({
  'a connection that is cut again and again': Array.from({ length: 9 }, () => cutAt(20_000)),
  'a server that is busy': [status(429, { 'retry-after': '0' }), status(503)],
  'a server that knows no ranges': [
    cutAt(50_000),
    (_request, response, content) => {
      response.writeHead(200).end(content);
      return true;
    },
  ],
  'a connection that falls silent': [
    (_request, response, content) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      return true;
    },
  ],
  'a wrong file the first time': [
    (_request, response, content) => {
      response.writeHead(200).end(Buffer.from(content).fill(0, 100, 200));
      return true;
    },
  ],
})) {
  test(`a download survives ${name}`, async (t) => {
    const { dest, run, shares } = await download(t, { [SHARD]: faults });
    await run();
    assertComplete(dest);
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.every((share) => share >= 0 && share <= 1));
  });
}

test('a download goes on where a killed one ended', async (t) => {
  const { hub, dest, run } = await download(t);
  mkdirSync(`${dest}.partial`);
  writeFileSync(path.join(`${dest}.partial`, 'config.json'), FILES['config.json']);
  // Of another revision, as long as that of this one.
  writeFileSync(path.join(`${dest}.partial`, 'tokenizer.json'), bytes(3000));
  writeFileSync(path.join(`${dest}.partial`, `${SHARD}.part`), FILES[SHARD].subarray(0, 150_000));
  await run();
  assertComplete(dest);
  const asked = hub.requests.filter(({ url }) => url.includes('/resolve/'));
  assert.ok(!asked.some(({ url }) => url.endsWith('config.json')));
  assert.equal(asked.find(({ url }) => url.endsWith(SHARD))?.range, 'bytes=150000-');
});

test('a second download of the same model is refused while the first is at work', async (t) => {
  const { dest, run } = await download(t);
  mkdirSync(`${dest}.partial`);
  const unlock = lockFolder(`${dest}.partial`, String);
  await assert.rejects(run(), { name: 'UserError', message: /process \d+ is downloading to .*tiny/ });
  unlock();
  await run();
  assertComplete(dest);
});

test('what a killed download left is checked with the rest of its file', async (t) => {
  const { hub, dest, run } = await download(t);
  mkdirSync(`${dest}.partial`);
  writeFileSync(path.join(`${dest}.partial`, `${SHARD}.part`), bytes(150_000));
  await run();
  assertComplete(dest);
  const asked = hub.requests.filter(({ url }) => url.endsWith(SHARD));
  assert.deepEqual(
    asked.map(({ range }) => range),
    ['bytes=150000-', undefined],
  );
});

test('the token goes to the hub and not to where it redirects', async (t) => {
  const storage = await fakeHub(t, FILES);
  const away: Fault = (_request, response) => {
    response.writeHead(302, { location: `${storage.endpoint}/elsewhere/${SHARD}` }).end();
    return true;
  };
  const { hub, dest, run } = await download(t, { [SHARD]: [away] }, { token: 'secret' });
  await run();
  assertComplete(dest);
  assert.ok(hub.requests.every(({ authorization }) => authorization === 'Bearer secret'));
  assert.deepEqual(
    storage.requests.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('requests go through the proxy of the environment', async (t) => {
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { hub, dest, run } = await download(t);
  process.env.HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  t.after(() => delete process.env.HTTP_PROXY);
  await run();
  assertComplete(dest);
  assert.ok(tunnels.length > 0);
  assert.ok(tunnels.every((target) => hub.endpoint === `http://${target}`));
});

test('what stays wrong is one sentence, and the parts that are right are kept', async (t) => {
  const wrong: Fault = (_request, response, content) => {
    response.writeHead(200).end(Buffer.alloc(content.length));
    return true;
  };
  const refused = async (faults: Fault[], message: RegExp) => {
    const { dest, run } = await download(t, { [SHARD]: faults });
    await assert.rejects(run(), { name: 'UserError', message });
    assert.ok(!existsSync(dest));
    return `${dest}.partial`;
  };
  const kept = await refused([wrong, wrong], /has another hash than the hub says, twice; it was not kept\.$/);
  assert.ok(!existsSync(path.join(kept, SHARD)) && !existsSync(path.join(kept, `${SHARD}.part`)));
  await refused([status(401)], /does not give \S+ to everybody: accept its terms .* \(HF_TOKEN\)\.$/);
  await refused([status(404)], /127\.0\.0\.1:\d+ has no \S+safetensors\.$/);
  await refused(
    Array.from({ length: 6 }, () => status(500)),
    /cannot be fetched: \S+ answers with status 500\.$/,
  );
});

test('a cancelled download leaves its parts', async (t) => {
  const abort = new AbortController();
  const { dest, run } = await download(
    t,
    {},
    { signal: abort.signal, progress: (done: number) => done > 0 && abort.abort() },
  );
  await assert.rejects(run(), { name: 'AbortError' });
  assert.ok(existsSync(`${dest}.partial`));
  assert.ok(!existsSync(dest));
});
