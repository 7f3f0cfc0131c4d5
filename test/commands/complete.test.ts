import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/engine-lab.ts';
import { runCli } from '../support/run-cli.ts';
import { writeTinyFamily } from '../support/tiny-families.ts';

const OPTIONS = { timeout: 120_000 };
const SAMPLE = 'def add(a, b):\n    \n\n\nprint(add(1, 2))\n';

/** Fields that scripts may rely on. */
const FIELDS = ['text', 'tokens', 'forwards', 'tpf', 'ms', 'stop', 'decode', 'rollbacks', 'model', 'device'];

test('a completion at a cursor, as JSON and as a trace', OPTIONS, async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'sample.py');
  const trace = path.join(folder, 'sample.trace.json');
  writeFileSync(file, SAMPLE);
  const { code, stdout, stderr } = await runCli(
    'complete',
    `${file}:2:5`,
    '--json',
    '--trace',
    trace,
    '--show',
  );
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  for (const field of FIELDS) assert.ok(field in result, field);
  assert.equal(result.text, 'return a + b');
  assert.equal(result.model, 'unmask-135m');
  assert.match(stderr, /\[return\]/);

  const trajectory = JSON.parse(readFileSync(trace, 'utf8'));
  assert.equal(trajectory.format, 'unmask-trajectory');
  assert.deepEqual(trajectory.forwards, result.forwards);
  assert.equal(trajectory.steps.length, result.forwards.total);
  assert.equal(trajectory.steps[0].revealed[0].candidates.length, 5);
  // Steps say everything: from them alone the response can be put together.
  const tokens = new Map<number, number>();
  for (const { revealed } of trajectory.steps) {
    for (const { position, id } of revealed) tokens.set(position, id);
  }
  assert.deepEqual(
    trajectory.responseIds,
    trajectory.responseIds.map((_: number, i: number) => tokens.get(i)),
  );
});

test(
  'a line that text follows is chosen among beams, unless another way is asked for',
  OPTIONS,
  async (t) => {
    const file = path.join(temporaryFolder(t), 'sample.py');
    writeFileSync(file, 'def smallest(values):\n    return \n\n\nprint(smallest([3, 1, 2]))\n');
    const decodeOf = async (...options: string[]) => {
      const { code, stdout, stderr } = await runCli('complete', `${file}:2:12`, '--json', ...options);
      assert.equal(code, 0, stderr);
      const { decode, tokens, forwards } = JSON.parse(stdout);
      return { decode, severalBeams: forwards.total > tokens };
    };
    assert.deepEqual(await decodeOf(), { decode: 'ar', severalBeams: true });
    const verified = { decode: 'verified', severalBeams: false };
    assert.deepEqual(await decodeOf('--beams', '1'), verified);
    assert.deepEqual(await decodeOf('--threshold', '0.5'), verified);
    assert.deepEqual(await decodeOf('--temperature', '0.5'), verified);
  },
);

test('a model that cannot verify completes in its own mode', OPTIONS, async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'sample.py');
  writeFileSync(file, SAMPLE);
  const model = path.join(folder, 'llada');
  writeTinyFamily(model, 'llada');
  const options = ['--model', model, '--max-tokens', '4', '--json'];
  const { code, stdout, stderr } = await runCli('complete', `${file}:2:5`, ...options);
  assert.equal(code, 0, stderr);
  const { decode, tokens } = JSON.parse(stdout);
  assert.deepEqual({ decode, tokens }, { decode: 'threshold', tokens: 4 });
  const refused = await runCli('complete', `${file}:2:5`, '--decode', 'verified', ...options);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /This model has full attention, so it decodes with 'threshold' only, not with 'verified'\./,
  );
});

test('where nothing may be completed the model is not loaded', OPTIONS, async (t) => {
  const file = path.join(temporaryFolder(t), '.env');
  writeFileSync(file, 'SECRET=\n');
  const { code, stdout } = await runCli('complete', `${file}:1:8`, '--json');
  assert.equal(code, 0);
  const result = JSON.parse(stdout);
  assert.equal(result.text, '');
  assert.equal(result.model, null);
  assert.equal(result.reason, 'the file is excluded');
});

test('a place beyond the end is one sentence', OPTIONS, async (t) => {
  const file = path.join(temporaryFolder(t), 'sample.py');
  writeFileSync(file, SAMPLE);
  const { code, stdout, stderr } = await runCli('complete', `${file}:9:1`, '--json');
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.equal(stderr, `unmask complete: ${file} has 6 lines, so there is no line 9.\n`);
});
