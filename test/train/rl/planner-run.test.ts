import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { plannerParameters } from '../../../kernels/planner.ts';
import { decode } from '../../../server/decode/decode.ts';
import { loadOrt } from '../../../server/engine/ort.ts';
import { OrtDenoiser } from '../../../server/engine/ort-denoiser.ts';
import { Policies } from '../../../server/engine/policies.ts';
import { importModel } from '../../../server/models/import.ts';
import { PLANNER_FILE, readPlanner, writePlanner } from '../../../server/models/planner-file.ts';
import { openModel } from '../../../server/models/registry.ts';
import { rotatePlanner } from '../../../server/models/rotate-planner.ts';
import { loadTokenizer } from '../../../server/models/tokenizer.ts';
import { expectedWeights } from '../../../server/models/weight-names.ts';
import { dultraDistill } from '../../../server/train/rl/presets/dultra-distill.ts';
import type { GrpoSettings } from '../../../server/train/rl/settings.ts';
import { exportCheckpoint } from '../../../server/train/run/export.ts';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { resolveSettings } from '../../../server/train/settings.ts';
import { SFT_PRESETS } from '../../../server/train/sft-presets.ts';
import { lab, metricsWithoutTimes, train } from '../../support/grpo-lab.ts';
import { editJson } from '../../support/model-files.ts';
import { randomValues } from '../../support/objective-lab.ts';
import { naivePlannerLogits } from '../../support/planner-lab.ts';
import { LINES, train as trainSft } from '../../support/sft-lab.ts';

/** A tiny model, a planner that was taught for some steps, and settings of a run of dUltra that begins with it. */
async function warmed(t: TestContext, changes: Record<string, unknown> = {}) {
  const { decode: decoding, optimizer, ...recipe } = dultraDistill;
  const { dir, settings } = lab(t, {
    recipe: {
      ...recipe,
      promptsPerStep: 2,
      groupSize: 3,
      decode: { ...decoding, maxTokens: 8 },
      optimizer: { ...optimizer, learningRate: 0.02 },
      rewards: recipe.rewards.map((term) => ({
        ...term,
        ...(term.term === 'teacher' && { reverseKl: true }),
      })),
    },
    steps: 3,
    ...changes,
  });
  const data = path.join(dir, 'data.jsonl');
  writeFileSync(data, LINES.map((line) => JSON.stringify(line)).join('\n'));
  const sft = resolveSettings(
    {
      ...SFT_PRESETS.planner,
      ...{ model: settings.model, data: [data], steps: 12, windows: 6, samplesPerStep: 2, sampleTokens: 40 },
      ...{ learningRate: 0.01, warmupSteps: 0, checkpointEvery: 6, threads: 1 },
    },
    'test',
  );
  const warm = await RunFolder.create(path.join(dir, 'warm'), sft);
  const { steps } = await trainSft(warm, sft);
  const planner = path.join(warm.dir, 'checkpoints', 'step-12', PLANNER_FILE);
  return { dir, settings: { ...settings, policyFile: planner }, planner, warm, sft, warmSteps: steps };
}

test('a planner is warmed up, trained with its denoiser, exported and decoded with', async (t) => {
  const { dir, settings, planner, warm, warmSteps } = await warmed(t);
  const loss = ({ terms }: (typeof warmSteps)[number]) => terms.revealed + terms.left;
  assert.ok(Math.abs(loss(warmSteps[0]) - 2 * Math.LN2) < 1e-5, 'at first every position has probability ½');
  assert.ok(loss(warmSteps[warmSteps.length - 1]) < loss(warmSteps[0]));
  const copied = await exportCheckpoint(warm, path.join(dir, 'warmed'));
  await readPlanner(path.join(copied.dir, PLANNER_FILE), copied);

  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { steps } = await train(run, settings);
  for (const { drift, step } of steps) assert.ok(drift!.max < 1e-4, `step ${step}: ${drift!.max}`);
  const base = await openModel(settings.model);
  const checkpoint = path.join(run.dir, 'checkpoints', 'step-3', PLANNER_FILE);
  const [before, after] = [await readPlanner(planner, base), await readPlanner(checkpoint, base)];
  assert.deepEqual(after.header, before.header);
  for (const { name } of plannerParameters(base.spec)) {
    assert.notDeepEqual(after.values.get(name), before.values.get(name), name);
  }

  const model = await exportCheckpoint(run, path.join(dir, 'exported'));
  const exported = await readPlanner(path.join(model.dir, PLANNER_FILE), model);
  const ort = await loadOrt();
  const policies = new Policies(ort, model, 1);
  const policy = await policies.get();
  assert.equal(policy.window, exported.header.window);
  const tokenizer = await loadTokenizer(model);
  const denoiser = await OrtDenoiser.open(ort, model, 1);
  const prompt = tokenizer.encode('def f(x):\n');
  const answers = [];
  for (const mode of ['ar', 'threshold', 'verified'] as const) {
    const learned = mode === 'ar' ? {} : { policy: 'learned' as const };
    const hooks = { cancelled: () => false, candidates: 0, policy };
    const decoding = { mode, maxTokens: 12, ...learned };
    answers.push(await decode(denoiser, tokenizer, denoiser.newCache(), prompt, decoding, hooks));
  }
  assert.deepEqual(
    answers[2].responseIds,
    answers[0].responseIds,
    'verified decoding gives the tokens of ar',
  );
  assert.ok(answers[1].steps.every(({ decision }) => decision!.chosen.length > 0));
  await denoiser.release();
  await policies.release();
});

test('a run that trains a planner resumes to the same numbers', async (t) => {
  const { dir, settings } = await warmed(t);
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const parts = await RunFolder.create(path.join(dir, 'parts'), settings);
  await train(parts, settings, { stopAfter: 2 });
  await train(parts, await parts.config());
  assert.deepEqual(await metricsWithoutTimes(parts), await metricsWithoutTimes(whole));
  const file = (run: RunFolder) => readFileSync(path.join(run.dir, 'checkpoints', 'step-3', PLANNER_FILE));
  assert.deepEqual(file(parts), file(whole));
});

test('what does not fit a planner or a teacher is said in a sentence', async (t) => {
  const { dir, settings, planner } = await warmed(t);
  const refused = async (changes: Partial<GrpoSettings>, message: RegExp) => {
    const run = await RunFolder.create(path.join(dir, `run ${message.source}`), settings);
    await assert.rejects(train(run, { ...settings, ...changes }), message);
  };
  const { replay, decode: decoding } = settings.recipe as GrpoSettings['recipe'];
  const recipe = settings.recipe as GrpoSettings['recipe'];
  await refused(
    { policyFile: '' },
    /there is no planner .*planner\.safetensors: make one by unmask train sft/,
  );
  await refused({ policyFile: path.join(settings.model, 'model.safetensors') }, /is not a planner of Unmask/);
  await refused(
    { recipe: { ...recipe, replay: { ...replay, replayer: 'block-onestep' } } },
    /block-onestep does not score the decisions of a planner/,
  );
  await refused(
    { recipe: { ...recipe, decode: { ...decoding, policy: undefined } } },
    /no planner decides what the mode and policy of decoding reveal/,
  );

  const other = path.join(dir, 'other');
  await importModel(settings.model, other, { quantize: 'none' });
  editJson(path.join(other, 'tokenizer.json'), { truncation: null });
  await refused({ teacher: other }, /the teacher other has another tokenizer than model: name a model/);
  const { diffusion } = JSON.parse(readFileSync(path.join(other, 'config.json'), 'utf8'));
  editJson(path.join(other, 'config.json'), { diffusion: { ...diffusion, clean_attention: 'full' } });
  await refused({ teacher: other }, /the teacher other has no autoregressive mode/);
  await assert.rejects(
    readPlanner(planner, await openModel(other)),
    /is a planner for model with the weights .*, but other has .*: use a planner that was trained/,
  );
});

test('a planner follows its network through the rotation of int8', async (t) => {
  const { dir, settings } = lab(t);
  const base = await openModel(settings.model);
  const rotated = await importModel(base.dir, path.join(dir, 'rotated'), { quantize: 'int8' });
  const values = randomValues(plannerParameters(base.spec), 2);
  const moved = rotatePlanner(values, await base.readTensor('model.norm.weight'));
  await writePlanner(
    path.join(rotated.dir, PLANNER_FILE),
    rotated,
    { window: 4, unmasking: 'bernoulli' },
    moved,
  );
  const stored = await readPlanner(path.join(rotated.dir, PLANNER_FILE), rotated);
  const ids = [5, 66, 7, 108];
  const rows = { ids, positions: [...ids.keys()], visible: () => true };
  const step = { rows: [...ids.keys()], eligible: ids.map(() => true), time: 0.5 };
  const logits = async (model: typeof base, planner: ReadonlyMap<string, Float32Array>) => {
    const weights = new Map<string, Float32Array>();
    for (const name of expectedWeights(model.spec).keys()) weights.set(name, await model.readTensor(name));
    const read = (name: string) => planner.get(name) ?? weights.get(name)!;
    const { hidden } = naiveForward(model.spec, read, rows);
    return naivePlannerLogits(model.spec, read, rows, [step], hidden);
  };
  const [before, after] = [await logits(base, values), await logits(rotated, stored.values)];
  const left = await logits(rotated, values);
  assert.ok(
    before.some((logit, i) => Math.abs(logit - left[i]) > 0.1),
    'a planner that does not follow says something else',
  );
  // Weights in eight bits change the states by a hundredth.
  before.forEach((logit, i) => void assert.ok(Math.abs(logit - after[i]) < 0.1, `${logit} ${after[i]}`));
});
