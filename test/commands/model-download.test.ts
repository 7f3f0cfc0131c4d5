import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, fakeHub, REPOSITORY } from '../support/fake-hub.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { runCli, startCli } from '../support/run-cli.ts';

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

test('without a name the catalogue is listed, and an unknown name is refused', OPTIONS, async () => {
  const { stdout } = await runCli('model', 'download', '--json');
  const { models } = JSON.parse(stdout);
  assert.ok(models.length > 5);
  for (const { name, repository, leastMemory, device } of models) {
    assert.match(repository, /^[\w.-]+\/[\w.-]+$/);
    assert.ok(leastMemory > 0 && ['cpu', 'gpu'].includes(device), name);
  }
  const { code, stderr } = await runCli('model', 'download', 'gpt-9');
  assert.equal(code, 1);
  assert.match(stderr, /'gpt-9' is not in the catalogue \(open-dcoder-0\.5b, /);
});
