import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { writePolicy } from '../../server/models/policy-file.ts';
import { openModel } from '../../server/models/registry.ts';
import type { EvalAnswer, Frontier } from '../../server/protocol.ts';
import { temporaryFolder } from '../support/model-files.ts';
import { runCli } from '../support/run-cli.ts';
import { writeTinyModel } from '../support/tiny-model-folder.ts';
import { tinyPolicy } from '../support/tiny-policy.ts';

const hole = (task_id: string, canonical_solution: string) => ({
  task_id,
  prompt: 'x = ',
  suffix: '\ny = 2\n',
  canonical_solution,
});

function setUp(t: TestContext, ...rows: object[]) {
  const dir = temporaryFolder(t);
  const model = path.join(dir, 'model');
  writeTinyModel(model);
  const tasks = path.join(dir, 'tasks.jsonl');
  writeFileSync(tasks, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { dir, model, tasks };
}

test('eval: one object with a point for each threshold; verified answers do not depend on it', async (t) => {
  const { dir, model, tasks } = setUp(t, hole('h/1', '1'), hole('h/2', 'abs(x)'));
  const out = path.join(dir, 'answers.jsonl');
  const options = ['--model', model, '--max-tokens', '8', '--threads', '1'];
  const { code, stdout, stderr } = await runCli(
    ...['eval', '--json', '--tasks', tasks, '--thresholds', '0,1', '--out', out, ...options],
  );
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.suite, tasks);
  assert.equal(report.decode, 'verified');
  assert.equal(report.passAt1, null);
  assert.equal(report.points.length, 2);
  assert.equal(report.perTask.length, 4);
  assert.ok(report.tpf.denoise >= 1 && report.tpf.total >= 1 && Number.isFinite(report.aup));
  // At threshold 1 nothing is proposed.
  assert.deepEqual(report.points[1].tpf, { denoise: 1, total: 1 });
  assert.deepEqual(report.points[1].acceptance, []);
  const answers: EvalAnswer[] = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const texts = (threshold: number) =>
    answers.filter((one) => one.threshold === threshold).map(({ text }) => text);
  assert.equal(texts(0).length, 2);
  assert.deepEqual(texts(0), texts(1));
  const compared = await runCli('eval', 'compare', out, out, '--json');
  const points = compared.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    points.map(({ point, differences }) => [point, differences[0].difference]),
    [
      ['verified 0', 0],
      ['verified 1', 0],
    ],
  );
});

test('eval --frontier: the curves that were asked for, as a document and as a picture', async (t) => {
  const { dir, model, tasks } = setUp(t, hole('h/1', '1'), hole('h/2', 'abs(x)'));
  const [out, svg] = ['a.frontier.json', 'a.svg'].map((name) => path.join(dir, name));
  const options = ['--model', model, '--max-tokens', '8', '--threads', '1', '--untimed'];
  const { code, stdout, stderr } = await runCli(
    ...['eval', '--frontier', '--curves', 'verified,ar', '--tasks', tasks, '--out', out, '--svg', svg],
    ...[...options, '--json'],
  );
  assert.equal(code, 0, stderr);
  const frontier: Frontier = JSON.parse(readFileSync(out, 'utf8'));
  assert.deepEqual(JSON.parse(stdout), frontier);
  assert.deepEqual([frontier.suite, frontier.tasks, frontier.accuracy], ['tasks.jsonl', 2, 'exactMatch']);
  const [ar, verified] = frontier.curves;
  assert.deepEqual([ar.name, ar.points.length, verified.name], ['ar', 1, 'verified']);
  assert.deepEqual(ar.points[0].tpf.total, { value: 1, interval: [1, 1] });
  // What is verified is what one token at a time would have been, whatever was proposed.
  assert.ok(verified.points.length > 1);
  for (const { accuracy, tpf } of verified.points) {
    assert.deepEqual(accuracy, ar.points[0].accuracy);
    assert.ok(tpf.total.value >= 1);
  }
  const markers = readFileSync(svg, 'utf8').match(/class="marker"/g);
  assert.equal(markers?.length, 2 * (1 + verified.points.length));
});

test('eval --frontier: learned policies, as they decide and verified', async (t) => {
  const { dir, model, tasks } = setUp(t, hole('h/1', '1'));
  const file = path.join(dir, 'fast.safetensors');
  await writePolicy(file, tinyPolicy(await openModel(model), 1, { unmasking: 'bernoulli-forced' }));
  const options = ['--model', model, '--max-tokens', '6', '--threads', '1', '--untimed', '--json'];
  const { code, stdout, stderr } = await runCli(
    ...['eval', '--frontier', '--curves', 'ar,fast,fast verified', '--policy-files', file, '--tasks', tasks],
    ...options,
  );
  assert.equal(code, 0, stderr);
  const { curves }: Frontier = JSON.parse(stdout);
  assert.deepEqual(
    curves.map(({ name, points }) => [name, points.length]),
    [
      ['ar', 1],
      ['fast', 4],
      ['fast verified', 4],
    ],
  );
  assert.equal(curves[1].points[0].label, 'policyTemperature 0.25');
  for (const { accuracy } of curves[2].points) assert.deepEqual(accuracy, curves[0].points[0].accuracy);
});

test('eval: what cannot be done is told in a sentence', async (t) => {
  const { dir, model, tasks } = setUp(t, hole('h/1', '1'), { task_id: 'h/2', prompt: 'x', suffix: 'y' });
  const holes = path.join(dir, 'holes.jsonl');
  writeFileSync(holes, `${JSON.stringify(hole('h/1', '1'))}\n`);
  const cases: [string[], number, RegExp][] = [
    [['--tasks', tasks, '--model', model], 1, /tasks\.jsonl:2 is in none of the known forms/],
    [['compare', tasks, tasks], 1, /tasks\.jsonl:1 is no answer/],
    [['--tasks', `${tasks}.no`], 1, /cannot be read/],
    [['--tasks', tasks, '--samples', '2', '--temperature', '0'], 2, /all the same/],
    [['--tasks', tasks, '--decode', 'ar', '--thresholds', '0.3'], 2, /without thresholds/],
    [['--tasks', tasks, '--limit', '0'], 2, /--limit must be a whole number/],
    [['--frontier', '--decode', 'ar'], 2, /--frontier varies --decode itself/],
    [['--split', 'train'], 2, /--split goes with --tasks/],
    [['--svg', 'a.svg'], 2, /--svg goes with --frontier/],
    [
      ['--frontier', '--model', model, '--tasks', holes, '--curves', 'ar,magic'],
      1,
      /This model has no curve 'magic': choose from ar, verified, threshold/,
    ],
  ];
  for (const [options, expected, message] of cases) {
    const { code, stdout, stderr } = await runCli('eval', ...options);
    assert.equal(code, expected, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
});
