/** Policies that learn over a frozen model: in the loop that trains models, from what they saw. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { naivePolicy } from '../../../kernels/naive-unmasking-policy.ts';
import { buildUnmaskingGraph } from '../../../kernels/training/unmasking-graph.ts';
import { UNMASKINGS } from '../../../server/decode/unmasking/index.ts';
import { UserError } from '../../../server/errors.ts';
import { POLICY_FILE, readPolicy, writePolicy } from '../../../server/models/policy-file.ts';
import { openModel } from '../../../server/models/registry.ts';
import { newGradients } from '../../../server/train/gradients.ts';
import { expertMixture } from '../../../server/train/rl/expert-mixture.ts';
import { lossSettings, needsOld, objectiveTerms } from '../../../server/train/rl/objective.ts';
import { joinedTerms, lossInputs } from '../../../server/train/rl/policy-batches.ts';
import { policyLoss } from '../../../server/train/rl/policy-loss.ts';
import { RL_PRESETS } from '../../../server/train/rl/presets/index.ts';
import type { Recipe } from '../../../server/train/rl/recipe.ts';
import type { Rollout } from '../../../server/train/rl/rollout.ts';
import {
  decisionFeeds,
  type StoredDecision,
  storedDecisions,
} from '../../../server/train/rl/unmasking/decisions.ts';
import { UnmaskingSession } from '../../../server/train/rl/unmasking/unmasking-session.ts';
import { exportCheckpoint } from '../../../server/train/run/export.ts';
import { RunFolder } from '../../../server/train/run/run-folder.ts';
import { bytes, fakeSandbox, lab, metricsWithoutTimes, samples, train } from '../../support/grpo-lab.ts';
import { testRandom } from '../../support/tiny-model.ts';
import { tinyPolicy } from '../../support/tiny-policy.ts';

const POLICIES = ['jazbec', 'jazbec-dpls', 'jazbec-es', 'ontrack'] as const;

/** A preset on the tiny model, most of whose responses end before the length limit. */
function policyLab(t: TestContext, preset: (typeof POLICIES)[number], changes: Partial<Recipe> = {}) {
  const recipe: Recipe = RL_PRESETS[preset];
  return lab(t, {
    stopTokens: bytes(96, 256),
    recipe: {
      ...recipe,
      promptsPerStep: 2,
      groupSize: Math.min(recipe.groupSize, 4),
      decode: { ...recipe.decode, maxTokens: 8 },
      filter: { ...recipe.filter, drop: [] },
      optimizer: { ...recipe.optimizer, learningRate: 0.01, warmupSteps: 0, clip: 1 },
      ...changes,
    },
  });
}

/** A sandbox that every program passes. */
const praising = () => fakeSandbox(() => true);

const random = testRandom(11);

/** Decisions over windows of up to four positions, made by the policy and, in the second response, by an expert. */
function decisions(unmasking: 'bernoulli' | 'dpls'): StoredDecision[][] {
  return [3, 2, 4].map((count, response) =>
    Array.from({ length: count }, (_, i): StoredDecision => {
      const rows = 2 + (i % 3);
      const eligible = Array.from({ length: rows }, (_, row) => row !== i % 2);
      const places = [...eligible.keys()].filter((row) => eligible[row]);
      const action = places.map((_, place) => place).filter((place) => place === 0 || random() < 0.5);
      const row = (place: number | undefined) => (place === undefined ? undefined : places[place]);
      return {
        rows: { inputs: Array.from({ length: 2 * rows }, random), eligible, time: i / 8 },
        draws: UNMASKINGS[unmasking]
          .draws(
            places.map(() => 0),
            action.toReversed(),
          )
          .map(({ among, drawn }) => ({ among: among.map(row), drawn: row(drawn) })),
        expert: response === 1,
      };
    }),
  );
}

for (const preset of POLICIES) {
  test(`loss and gradients of the definitions, in double precision: ${preset}`, async () => {
    const recipe: Recipe = RL_PRESETS[preset];
    const { objective, policy, groupSize } = recipe;
    const { unmasking, experts } = policy!;
    const mixture =
      experts && experts.count < groupSize
        ? { policies: groupSize - experts.count, experts: experts.count }
        : undefined;
    const all = decisions(unmasking);
    const { header, values } = tinyPolicy({ name: 'tiny', weightsHash: 'abc' }, 5);
    const loss = { ...lossSettings(objective), old: needsOld(objective) };
    const session = await UnmaskingSession.open(buildUnmaskingGraph(header.shape, { mixture, loss }), 1);
    const terms = joinedTerms(
      objectiveTerms(
        all.map((response, i) => ({
          promptIds: [],
          responseIds: [],
          states: response.map((_, round) => ({
            start: 0,
            tokens: [],
            scored: [{ position: 0, id: 0 }],
            round,
          })),
          advantage: [1.2, -0.7, 0.4][i],
          correct: i !== 1,
        })),
        objective,
      ),
    );
    const flat = all.flat();
    const logProbs = (weights: ReadonlyMap<string, ArrayLike<number>>) =>
      flat.map(({ rows, draws, expert }) => {
        const logits = naivePolicy(header.shape, (name) => weights.get(name) as Float64Array, rows);
        const score = (row: number | undefined) => (row === undefined ? 0 : logits[row]);
        const own = draws.reduce((sum, { among, drawn }) => {
          const total = among.reduce<number>((mass, row) => mass + Math.exp(score(row)), 0);
          return sum + score(drawn) - Math.log(total);
        }, 0);
        return mixture && expert ? expertMixture(own, mixture.policies, mixture.experts) : own;
      });
    const doubles = new Map([...values].map(([name, value]) => [name, Float64Array.from(value)]));
    const start = logProbs(doubles);
    const others = { ...(loss.old && { old: start.map((logProb, i) => logProb + 0.3 * Math.sin(7 * i)) }) };
    const lossWith = (weights: ReadonlyMap<string, ArrayLike<number>>) =>
      policyLoss(logProbs(weights), others, terms, lossSettings(objective)).loss;
    const result = await session.run(
      { ...decisionFeeds(header, flat, mixture !== undefined), ...lossInputs(terms, others) },
      values,
      newGradients(session.parameters),
    );
    start.forEach((logProb, i) => {
      assert.ok(Math.abs(result.logProbabilities[i] - logProb) < 1e-5, `decision ${i}`);
    });
    assert.ok(Math.abs(result.loss - lossWith(doubles)) < 1e-5);
    for (const [name, gradient] of result.gradients) {
      const value = doubles.get(name)!;
      const largest = Math.max(1e-3, ...gradient.map(Math.abs));
      for (let i = 0; i < value.length; i += Math.ceil(value.length / 2)) {
        const [up, down] = [1e-5, -1e-5].map((change) =>
          lossWith(new Map(doubles).set(name, value.with(i, value[i] + change))),
        );
        const slope = (up - down) / 2e-5;
        assert.ok(
          Math.abs(gradient[i] - slope) < 1e-3 * largest,
          `${name}[${i}]: ${gradient[i]} is not ${slope}`,
        );
      }
    }
    await session.release();
  });

  test(`a run trains the policy and leaves the model alone: ${preset}`, async (t) => {
    const { dir, settings } = policyLab(t, preset);
    const run = await RunFolder.create(path.join(dir, 'run'), settings);
    const { state: end, steps } = await train(
      run,
      { ...settings, steps: 2, evaluateEvery: 2 },
      { sandbox: praising() },
    );
    assert.deepEqual([end.status, end.step], ['done', 2]);
    // What is recorded at decoding is what the trainer computes from what was stored, as long as nothing has moved.
    for (const { drift } of steps) assert.ok(preset === 'ontrack' ? !drift : drift!.max < 1e-4);
    assert.ok(steps.every(({ tokens, skipped }) => tokens > 0 && !skipped));
    const checkpoint = path.join(run.dir, 'checkpoints', 'step-2', POLICY_FILE);
    const { header, values } = await readPolicy(checkpoint, await openModel(settings.model));
    assert.equal(header.shape.window, 4);
    assert.equal(header.unmasking, preset === 'jazbec-dpls' ? 'dpls' : 'bernoulli-forced');
    assert.ok(
      values.get('modulation.weight')!.some((value) => value !== 0),
      'the weights move',
    );
    const experts = samples(run).filter((sample) => 'expert' in sample).length;
    assert.equal(experts, preset.startsWith('jazbec') && preset !== 'jazbec-es' ? 0 : 4);

    const exported = await exportCheckpoint(run, path.join(dir, 'exported'));
    assert.equal(exported.weightsHash, header.weights);
    await readPolicy(path.join(exported.dir, POLICY_FILE), exported);
  });
}

test('imitation makes what the expert did more probable', async (t) => {
  const objective = { ...RL_PRESETS.ontrack.objective, innerIterations: 1 };
  const optimizer = { ...RL_PRESETS.ontrack.optimizer, learningRate: 1e-4, warmupSteps: 0 };
  const { dir, settings } = policyLab(t, 'ontrack', { promptsPerStep: 3, objective, optimizer });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { steps } = await train(run, { ...settings, steps: 4, evaluateEvery: 0 }, { sandbox: praising() });
  assert.ok(steps[3].nll < steps[0].nll - 0.01, `${steps.map(({ nll }) => nll)}`);
});

test('a policy that sees hidden states learns from those that it saw; they are not written to traces', async (t) => {
  const hidden = { ...RL_PRESETS.jazbec.policy!, confidences: 2, hidden: true };
  const { dir, settings } = policyLab(t, 'jazbec', { policy: hidden });
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  const { steps } = await train(run, { ...settings, steps: 2, evaluateEvery: 0 });
  for (const { drift } of steps) assert.ok(drift!.max < 1e-4);
  const trace = readFileSync(path.join(run.dir, samples(run)[0].trace), 'utf8');
  assert.match(trace, /"probabilities"/);
  assert.doesNotMatch(trace, /"inputs"/);
});

test('an expert that verifies teaches what stood of its proposals', () => {
  const step = (chosen: number[], confirmed: number[]) => ({
    decision: {
      eligible: [chosen[0], chosen[0] + 1, chosen[0] + 2],
      chosen,
      inputs: { start: chosen[0], rows: 3, time: 0, confidences: [1, 0.5, 0.5] },
    },
    confirmed: confirmed.map((position) => ({ position, confidence: 1 })),
  });
  const steps = [step([0, 1, 2], []), step([2, 3], [1]), step([4], [3])];
  const drawn = (mode: string, expert: boolean) =>
    storedDecisions(
      { trajectory: { steps, settings: { mode } }, expert } as unknown as Rollout,
      'bernoulli',
      1,
    ).map(({ draws }) => draws.flatMap((draw) => (draw.drawn === undefined ? [] : [draw.drawn])));
  assert.deepEqual(drawn('verified', true), [[0, 1], [0, 1], [0]]);
  assert.deepEqual(drawn('verified', false), [[0, 1, 2], [0, 1], [0]]);
  assert.deepEqual(drawn('threshold', true), [[0, 1, 2], [0, 1], [0]]);
});

test('a stopped run that trains a policy goes on as if it had not been stopped', async (t) => {
  const { dir, settings: four } = policyLab(t, 'jazbec');
  const settings = { ...four, steps: 3, evaluateEvery: 0 };
  const whole = await RunFolder.create(path.join(dir, 'whole'), settings);
  await train(whole, settings);
  const parts = await RunFolder.create(path.join(dir, 'parts'), settings);
  await train(parts, settings, { stopAfter: 2 });
  await train(parts, await parts.config());
  assert.deepEqual(await metricsWithoutTimes(parts), await metricsWithoutTimes(whole));
  const [resumed, expected] = [parts, whole].map(({ dir }) =>
    readFileSync(path.join(dir, 'checkpoints', 'step-3', 'trainer.safetensors')),
  );
  assert.deepEqual(resumed, expected);
});

test('a run may begin with a policy that fits, and with no other', async (t) => {
  const { dir, settings } = policyLab(t, 'jazbec');
  const model = await openModel(settings.model);
  const file = path.join(dir, 'first.safetensors');
  const start = (changes: object) => ({
    ...settings,
    policyFile: file,
    steps: 1,
    evaluateEvery: 0,
    ...changes,
  });
  await writePolicy(file, tinyPolicy(model, 3, { confidences: 1, shape: { inputs: 1 } }));
  const run = await RunFolder.create(path.join(dir, 'run'), settings);
  await train(run, start({}));
  const refused = async (changes: object, reason: RegExp) => {
    const folder = await RunFolder.create(path.join(dir, `${reason}`.replaceAll(/\W/g, '')), settings);
    await assert.rejects(
      async () => train(folder, start(changes)),
      (error: Error) => error instanceof UserError && reason.test(error.message),
    );
  };
  await writePolicy(file, tinyPolicy(model, 3));
  await refused({}, /is a policy with confidences 2, but the recipe asks for 1/);
  await writePolicy(file, tinyPolicy(model, 3, { confidences: 1, shape: { inputs: 1, window: 3 } }));
  await refused({}, /is a policy with window 3, but the recipe asks for 4/);
  await writePolicy(file, tinyPolicy({ name: 'other', weightsHash: 'xyz' }, 3));
  await refused({}, /is a policy for other/);
  await refused({ recipe: lab(t).settings.recipe }, /policyFile goes with a recipe that trains a policy/);
});

test('a recipe that contradicts itself is refused', async (t) => {
  const { settings } = policyLab(t, 'jazbec');
  const { recipe } = settings as { recipe: Recipe };
  const cases: [object, RegExp][] = [
    [{ rewards: [{ ...recipe.rewards[0], alpha: -1 }] }, /recipe\.rewards\[0\]\.alpha is -1 and must be/],
    [{ policy: undefined }, /stored-inputs goes with recipe\.policy/],
    [
      { policy: { ...recipe.policy!, experts: { count: 9, decode: {} } } },
      /experts\.count is 9, but a group has 4/,
    ],
    [{ policy: { ...recipe.policy!, experts: { count: 3, decode: {} } } }, /it must be at least 2/],
  ];
  for (const [changes, reason] of cases) {
    await assert.rejects(async () => {
      const { dir } = policyLab(t, 'jazbec');
      const changed = { ...settings, recipe: { ...recipe, ...changes } };
      return train(await RunFolder.create(path.join(dir, 'run'), changed), changed);
    }, reason);
  }
});
