import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { completeConfig } from '../../server/download/complete-config.ts';
import { openModel } from '../../server/models/registry.ts';
import { type Fault, fakeHub, REPOSITORY } from '../support/fake-hub.ts';
import { editJson, FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { writeTinyFamily } from '../support/tiny-families.ts';

const OPTIONS = { timeout: 60_000 };

test(
  'model download fetches a repository, tells its way in JSON lines and whether it can be used',
  OPTIONS,
  async (t) => {
    const file = (name: string) => readFileSync(path.join(FIXTURES, 'llama-tied-window', name));
    const hub = await fakeHub(t, {
      'config.json': file('config.json'),
      'model.safetensors': file('model.safetensors'),
    });
    const to = temporaryFolder(t);
    const download = () =>
      runCli('model', 'download', REPOSITORY, '--hub', hub.endpoint, '--to', to, '--json');
    const { code, stdout, stderr } = await download();
    assert.equal(code, 0, stderr);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const result = lines.pop();
    assert.deepEqual(result, {
      name: 'tiny',
      dir: path.join(to, 'tiny'),
      repository: REPOSITORY,
      commit: hub.commit,
      licence: 'apache-2.0',
      added: {},
      problem: null,
    });
    assert.equal(lines.at(-1).done, lines.at(-1).total);
    const again = await download();
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /^unmask model download: \S+tiny is there already; remove it to download it again\.\n$/,
    );
  },
);

test('a download that is killed goes on where it was: no byte is fetched twice', OPTIONS, async (t) => {
  const weights = readFileSync(path.join(FIXTURES, 'llama-tied-window/model.safetensors'));
  const stalled = 100_000;
  const stall: Fault = (_request, response, content) => {
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, stalled));
    return true;
  };
  const config = readFileSync(path.join(FIXTURES, 'llama-tied-window/config.json'));
  const hub = await fakeHub(
    t,
    { 'config.json': config, 'model.safetensors': weights },
    { 'model.safetensors': [stall] },
  );
  const to = temporaryFolder(t);
  const args = ['model', 'download', REPOSITORY, '--hub', hub.endpoint, '--to', to, '--json'];
  const partial = path.join(to, 'tiny.partial');
  const there = (name: string) => statSync(path.join(partial, name), { throwIfNoEntry: false })?.size;
  const { child, result } = startCli(...args);
  while (there('model.safetensors.part') !== stalled || there('config.json') !== config.length) {
    assert.equal(child.exitCode, null);
    await delay(20);
  }
  child.kill('SIGKILL');
  assert.equal((await result).signal, 'SIGKILL');
  assert.deepEqual([there('model.safetensors.part'), existsSync(path.join(to, 'tiny'))], [stalled, false]);
  hub.requests.length = 0;
  const { code, stderr } = await runCli(...args);
  assert.equal(code, 0, stderr);
  const fetched = hub.requests.filter(({ url }) => url.includes('/resolve/'));
  assert.deepEqual(
    fetched.map(({ url, range }) => [path.basename(url), range]),
    [['model.safetensors', `bytes=${stalled}-`]],
  );
  assert.ok(readFileSync(path.join(to, 'tiny/model.safetensors')).equals(weights));
  assert.ok(!existsSync(partial));
});

test('--dry-run says what would be fetched, and fetches nothing', OPTIONS, async (t) => {
  const [config, weights] = ['config.json', 'model.safetensors'].map((name) =>
    readFileSync(path.join(FIXTURES, 'llama-tied-window', name)),
  );
  const hub = await fakeHub(t, { 'config.json': config, 'model.safetensors': weights });
  const to = temporaryFolder(t);
  const args = ['model', 'download', REPOSITORY, '--hub', hub.endpoint, '--to', to, '--dry-run', '--json'];
  const { code, stdout, stderr } = await runCli(...args);
  assert.equal(code, 0, stderr);
  const sha256 = createHash('sha256').update(weights).digest('hex');
  assert.deepEqual(JSON.parse(stdout), {
    name: 'tiny',
    repository: REPOSITORY,
    commit: hub.commit,
    licence: 'apache-2.0',
    bytes: config.length + weights.length,
    files: [
      { name: 'config.json', bytes: config.length, sha256: null },
      { name: 'model.safetensors', bytes: weights.length, sha256 },
    ],
  });
  assert.ok(!hub.requests.some(({ url }) => url.includes('/resolve/')));
  assert.deepEqual(readdirSync(to), []);
});

test('what the config of a model in the catalogue lacks is added, what it has stays', OPTIONS, async (t) => {
  const source = path.join(temporaryFolder(t), 'sdar');
  writeTinyFamily(source, 'sdar');
  const config = path.join(source, 'config.json');
  editJson(config, { block_size: undefined });
  const published = JSON.parse(readFileSync(config, 'utf8'));
  const files = readdirSync(source).map((name) => [name, readFileSync(path.join(source, name))] as const);
  const hub = await fakeHub(t, Object.fromEntries(files), {}, 'SJTU-DENG-Lab/LightningRL-8B-b32-MBPP');
  const to = temporaryFolder(t);
  const args = ['model', 'download', 'lightningrl-8b-b32-mbpp', '--hub', hub.endpoint, '--to', to];
  const { code, stdout, stderr } = await runCli(...args);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /\nAdded to its config\.json, which lacked it: block_size 32\.\n`unmask model import /,
  );
  const dir = path.join(to, 'lightningrl-8b-b32-mbpp');
  assert.deepEqual(JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8')), {
    ...published,
    block_size: 32,
  });
  assert.equal((await openModel(dir)).spec.blockSize, 32);
  assert.deepEqual(await completeConfig(dir, { block_size: 4, mask_token_id: 282 }), { mask_token_id: 282 });
  assert.equal((await openModel(dir)).spec.blockSize, 32);
});

test('without a name the catalogue is listed, and an unknown name is refused', OPTIONS, async () => {
  const { stdout } = await runCli('model', 'download', '--json');
  const { models } = JSON.parse(stdout);
  assert.ok(models.length > 5);
  for (const { name, repository, bytes, leastMemory, device } of models) {
    assert.match(repository, /^[\w.-]+\/[\w.-]+$/);
    assert.ok(bytes > 0 && leastMemory > 0 && ['cpu', 'gpu'].includes(device), name);
  }
  const { code, stderr } = await runCli('model', 'download', 'gpt-9');
  assert.equal(code, 1);
  assert.match(stderr, /'gpt-9' is not in the catalogue \(open-dcoder-0\.5b, /);
});
