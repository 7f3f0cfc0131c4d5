import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../../server/errors.ts';
import { importModel } from '../../../server/models/import.ts';
import { RL_PRESETS } from '../../../server/train/rl/presets/index.ts';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { parseTrajectory } from '../../../server/trajectory-file.ts';
import {
  fakeSandbox,
  HELD_OUT,
  lab,
  metricsWithoutTimes,
  samples,
  TASKS,
  train,
} from '../../support/grpo-lab.ts';

const state = (run: RunFolder, step: number) =>
  readFileSync(path.join(run.dir, 'checkpoints', `step-${step}`, 'trainer.safetensors'));

test('a run says what it did, step by step, and keeps every sample with its trace', async (t) => {
  const { dir, settings } = lab(t);
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { state, rows, steps } = await train(run, settings);
  assert.deepEqual([state.status, state.step], ['done', 4]);
  assert.deepEqual(
    rows.map((row) => ['heldOut' in row ? 'evaluation' : 'step', row.step]),
    [
      ['evaluation', 0],
      ['step', 1],
      ['step', 2],
      ['evaluation', 2],
      ['step', 3],
      ['step', 4],
      ['evaluation', 4],
    ],
  );
  for (const row of steps) {
    assert.equal(row.responses, 8);
    assert.equal(
      Object.values(row.verdicts).reduce((sum, count) => sum + count, 0),
      8,
    );
    assert.equal(row.weightsVersion, row.step);
    assert.ok(row.distinct > 0.5, 'samples of a prompt differ');
    assert.ok(row.tpf >= 1 && row.tpf >= row.tpfTotal);
  }
  const all = samples(run);
  assert.equal(all.length, 32);
  assert.deepEqual(
    [...new Set(all.map(({ step, weightsVersion }) => step - weightsVersion))],
    [1],
    'a step samples with the weights of the steps before',
  );
  assert.ok(!all.some(({ taskId }) => HELD_OUT.includes(taskId)), 'held-out tasks are not trained on');
  for (const { trace, completion, tokens } of all) {
    const trajectory = parseTrajectory(readFileSync(path.join(run.dir, trace), 'utf8'), trace);
    assert.equal(trajectory.text, completion);
    assert.equal(trajectory.responseIds.length, tokens);
  }
});

test('engine and trainer agree about the log-probabilities, before the first update and after each', async (t) => {
  const { dir, settings } = lab(t);
  const { steps } = await train(await RunFolder.create(path.join(dir, 'run'), settings), settings);
  for (const { drift, step } of steps) assert.ok(drift!.max < 1e-4, `step ${step}: ${drift!.max}`);
  assert.ok(
    steps.every(({ kl, step }) => (step === 1 ? kl < 1e-6 : kl > 1e-6)),
    'the weights move',
  );
});

test('what is sampled verified is the model’s own: proposals are replayed without prompt lookup', async (t) => {
  const { decode, replay } = RL_PRESETS['lightningrl-verified'];
  const { dir, settings } = lab(t, {
    steps: 2,
    evaluateEvery: 0,
    recipe: { decode: { ...decode, maxTokens: 12, threshold: 0.02 }, replay },
  });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, settings);
  assert.equal(samples(run).length, 16);
  for (const { trace } of samples(run)) {
    const trajectory = parseTrajectory(readFileSync(path.join(run.dir, trace), 'utf8'), trace);
    const sources = trajectory.steps.flatMap(({ revealed }) => revealed.map(({ source }) => source));
    assert.ok(!sources.includes('lookup'));
    assert.deepEqual([trajectory.settings.mode, trajectory.settings.lookup], ['verified', 0]);
  }
});

test('with the engine’s products the trainer of a model in int8 agrees better with the engine', async (t) => {
  const drift = async (engineProducts: boolean) => {
    const { dir, settings } = lab(t, { steps: 2, evaluateEvery: 0, engineProducts });
    const model = path.join(dir, 'int8');
    await importModel(settings.model, model, { quantize: 'int8' });
    const run = await RunFolder.create(path.join(dir, 'run'), { ...settings, model });
    const { steps } = await train(run, { ...settings, model });
    return Math.max(...steps.map(({ drift }) => drift!.mean));
  };
  // What is left is the head, which the trainer does not round.
  const [engine, exact] = [await drift(true), await drift(false)];
  assert.ok(engine < 0.8 * exact, `${engine} and ${exact}`);
});

test('log-probabilities that drift apart raise an alarm in the log', async (t) => {
  const alarms = async (driftAlarm: number) => {
    const { dir, settings } = lab(t, { steps: 2, evaluateEvery: 0, driftAlarm });
    const run = await RunFolder.create(path.join(dir, 'run'), settings);
    await train(run, settings);
    return (
      readFileSync(path.join(run.dir, 'log.txt'), 'utf8').match(/alarm: log-probabilities/g)?.length ?? 0
    );
  };
  // Rounding alone makes them differ by about 1e-7.
  assert.deepEqual([await alarms(1e-4), await alarms(0)], [0, 2]);
});

test('a run that is stopped and resumed gives the same numbers as one that is not', async (t) => {
  const { dir, settings } = lab(t);
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const parts = await RunFolder.create(path.join(dir, 'parts'), settings);
  const first = await train(parts, settings, { stopAfter: 3 });
  assert.deepEqual([first.state.status, first.state.step], ['stopped', 3]);
  await train(parts, await parts.config());
  assert.deepEqual(await metricsWithoutTimes(parts), await metricsWithoutTimes(whole));
  assert.deepEqual(samples(parts), samples(whole));
  assert.deepEqual(state(parts, 4), state(whole, 4));
});

test('whatever a kill leaves behind, the resumed run gives the same numbers', async (t) => {
  const { dir, settings } = lab(t, { steps: 3, evaluateEvery: 1 });
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  // The folder as a kill finds it, at every verdict of the run: in rollouts, rewards and evaluations.
  let verdicts = 0;
  const copies: string[] = [];
  const snapshot = () => {
    if (verdicts++ % 9 !== 4) return;
    const copy = path.join(dir, `killed-${verdicts}`);
    cpSync(whole.dir, copy, { recursive: true });
    copies.push(copy);
  };
  await train(whole, settings, { sandbox: fakeSandbox(undefined, snapshot) });
  // In a checkpoint, and between the samples of a step and its metrics.
  const late = path.join(dir, 'killed-late');
  cpSync(copies[copies.length - 3], late, { recursive: true });
  mkdirSync(path.join(late, 'checkpoints', 'step-3.partial'), { recursive: true });
  writeFileSync(path.join(late, 'checkpoints', 'step-3.partial', 'trainer.safetensors'), 'half');
  writeFileSync(path.join(late, 'samples.jsonl'), '{"step":3,"taskId":"half"}\n{"step":3,"ta', { flag: 'a' });
  for (const copy of [...copies, late]) {
    const killed = await RunFolder.open(copy);
    writeFileSync(path.join(copy, 'lock'), '999999999');
    await train(killed, settings);
    assert.deepEqual(
      await metricsWithoutTimes(killed),
      await metricsWithoutTimes(whole),
      path.basename(copy),
    );
    assert.deepEqual(samples(killed), samples(whole));
    assert.deepEqual(state(killed, 3), state(whole, 3));
  }
  assert.ok(copies.length > 3);
});

test('the last three checkpoints and the best one stay', async (t) => {
  const { dir, settings } = lab(t, { steps: 6, evaluateEvery: 1 });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  let verdicts = 0;
  // Only the evaluation after step 1 finds all tasks solved, the one before it half of them.
  const sandbox = fakeSandbox();
  const judge = sandbox.verdict.bind(sandbox);
  sandbox.verdict = async (candidate, signal) => {
    const verdict = await judge(candidate, signal);
    if (!HELD_OUT.includes(candidate.task.id)) return verdict;
    const evaluation = Math.floor(verdicts++ / HELD_OUT.length);
    const passed = evaluation === 1 || (evaluation === 0 && verdicts % 2 === 0);
    return { ...verdict, verdict: passed ? 'passed' : 'failed' };
  };
  await train(run, settings, { sandbox });
  const best = readFileSync(path.join(run.dir, 'best'), 'utf8').trim();
  const kept = readdirSync(path.join(run.dir, 'checkpoints')).sort();
  assert.deepEqual(kept, [...new Set([best, 'step-4', 'step-5', 'step-6'])].sort());
});

test('what cannot be learned from is refused in one sentence', async (t) => {
  const refused = async (changes: Record<string, unknown>, reason: RegExp, sandbox = fakeSandbox()) => {
    const { dir, settings } = lab(t, changes);
    await assert.rejects(
      async () => train(await RunFolder.create(path.join(dir, 'run'), settings), settings, { sandbox }),
      (error: Error) => {
        assert.ok(error instanceof UserError, error.stack);
        assert.match(error.message, reason);
        return true;
      },
    );
  };
  await refused({ tasks: TASKS.slice(0, 3) }, /has no held-out task/);
  await refused({ tasks: TASKS.slice(3) }, /has no task to train on/);
  await refused({ recipe: { groupSize: 1 } }, /groupSize is 1.*at least 2/);
  await refused({ recipe: { nonsense: 1 } }, /nonsense/);
  await refused({ format: 2 }, /another version/);
});

test('tasks that are too hard are told of after the first evaluation, with an easier level', async (t) => {
  const { dir, settings } = lab(t, { steps: 1 });
  const sandbox = fakeSandbox();
  const judge = sandbox.verdict.bind(sandbox);
  sandbox.verdict = async (candidate, signal) => ({ ...(await judge(candidate, signal)), verdict: 'failed' });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const [first] = (await train(run, settings, { sandbox })).rows;
  assert.match(String('advice' in first && first.advice), /solves none of the 6 held-out tasks.*level=1/);
});

test('a run that finds another model, other tasks or a broken folder does not go on, in one sentence', async (t) => {
  const { dir, settings } = lab(t);
  const begun = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(begun, settings, { stopAfter: 1 });
  const model = (file: string) => path.join(settings.model, file);
  const folder = (file: string) => path.join(begun.dir, file);
  const refused = async (file: string, change: (text: string) => string | undefined, reason: RegExp) => {
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    rmSync(file);
    if (after !== undefined) writeFileSync(file, after);
    await assert.rejects(
      async () => train(begun, await begun.config()),
      (error: Error) => {
        assert.ok(error instanceof UserError, error.stack);
        assert.match(error.message, reason);
        return true;
      },
    );
    writeFileSync(file, before);
  };
  const one = JSON.stringify({ ...TASKS[0], task_id: 'new' });
  await refused(model('config.json'), (text) => text.replace('10000', '20000'), /belongs to weights/);
  await refused(model('config.json'), () => undefined, /config\.json/);
  await refused(model('tokenizer.json'), (text) => text.replace('<|258|>', '<|s|>'), /belongs to tokenizer/);
  await refused(settings.tasks, (text) => `${text}\n${one}\n`, /data of .* has changed/);
  await refused(settings.tasks, () => undefined, /tasks\.jsonl.*no such file/);
  const format = (text: string) => JSON.stringify({ ...JSON.parse(text), format: 2 });
  await refused(folder('config.json'), format, /another version/);
  await refused(folder('config.json'), () => '{', /config\.json cannot be read/);
  await refused(folder('metrics.jsonl'), (text) => `{\n${text}`, /metrics\.jsonl:1 cannot be read/);
  const manifest = path.join('checkpoints', 'step-1', 'manifest.json');
  await refused(folder(manifest), () => '{', /manifest\.json cannot be read/);
  await refused(folder('latest'), () => 'step-9\n', /no checkpoint to go on from/);
  assert.equal((await train(begun, await begun.config())).state.status, 'done');
});

test('masks that a replay draws are others for every update; what was decoded stays the same', async (t) => {
  const { replay, optimizer, objective } = RL_PRESETS.lightningrl;
  /** −log p of the successes in the last update of a step that moves nothing. */
  const anchor = async (replayer: string, innerIterations: number) => {
    const recipe = {
      replay: { ...replay, replayer },
      objective: { ...objective, innerIterations },
      optimizer: { ...optimizer, learningRate: 0, warmupSteps: 0 },
    };
    const { dir, settings } = lab(t, { recipe, steps: 1, evaluateEvery: 0 });
    const run = await RunFolder.create(path.join(dir, 'run'), settings);
    return (await train(run, settings)).steps[0].nll;
  };
  const exact = [await anchor('exact', 1), await anchor('exact', 2)];
  assert.ok(exact[0] > 0);
  assert.equal(exact[0], exact[1]);
  assert.notEqual(await anchor('coupled', 1), await anchor('coupled', 2));
});
