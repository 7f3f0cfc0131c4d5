import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fakeHub, REPOSITORY } from '../support/fake-hub.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { runCli } from '../support/run-cli.ts';

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
