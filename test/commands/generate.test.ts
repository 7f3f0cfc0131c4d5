import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/engine-lab.ts';
import { runCli, startCli } from '../support/run-cli.ts';

const OPTIONS = { timeout: 120_000 };

test('both ways of decoding continue a prompt with the same text', OPTIONS, async () => {
  const run = (mode: string) =>
    runCli('generate', '--prompt', 'def add(a, b):\n', '--max-tokens', '12', '--decode', mode, '--json');
  const verified = JSON.parse((await run('verified')).stdout);
  const autoregressive = JSON.parse((await run('ar')).stdout);
  assert.equal(verified.text, autoregressive.text);
  assert.equal(autoregressive.tpf.total, 1);
  assert.equal(verified.tokens, 12);
});

test('a middle is filled between a prompt and a suffix', OPTIONS, async (t) => {
  const folder = temporaryFolder(t);
  const [prompt, suffix] = ['before.py', 'after.py'].map((name) => path.join(folder, name));
  writeFileSync(prompt, 'def add(a, b):\n    return ');
  writeFileSync(suffix, '\n\nprint(add(1, 2))\n');
  const { code, stdout } = await runCli('generate', '--prompt-file', prompt, '--suffix-file', suffix);
  assert.equal(code, 0);
  assert.match(stdout, /^a \+ b/);
});

for (const args of [[], ['--prompt', 'a', '--prompt-file', 'b'], ['a'], ['--prompt', 'a', '--seed', 'x']]) {
  test(`generate ${args.join(' ')} is wrong usage`, OPTIONS, async () => {
    const { code, stdout, stderr } = await runCli('generate', ...args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /usage: unmask generate/);
  });
}

test('an unknown model folder is one sentence', OPTIONS, async () => {
  const { code, stdout, stderr } = await runCli('generate', '--prompt', 'a', '--model', '/nowhere');
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /^unmask generate: \/nowhere is not a model folder[^\n]*\n$/);
});

test('an interrupt ends a long response between two forwards', OPTIONS, async () => {
  const { child, result } = startCli('generate', '--prompt', 'x = [', '--max-tokens', '4000', '--show');
  child.stderr.once('data', () => child.stderr.once('data', () => child.kill('SIGINT')));
  assert.equal((await result).code, 130);
});
