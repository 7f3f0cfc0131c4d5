import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { decode } from '../../../server/decode/decode.ts';
import { naiveDenoiser } from '../../../server/decode/naive-denoiser.ts';
import { Random } from '../../../server/decode/random.ts';
import type { PlannerUnmasking } from '../../../server/decode/unmasking/index.ts';
import type { DenoiserSpec } from '../../../server/models/spec.ts';
import { type JudgedResponse, lossSettings, objectiveTerms } from '../../../server/train/rl/objective.ts';
import {
  competitionOf,
  joinedTerms,
  lossInputs,
  policyBatches,
  scoredBatch,
} from '../../../server/train/rl/policy-batches.ts';
import { policyLoss } from '../../../server/train/rl/policy-loss.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { dultra } from '../../../server/train/rl/presets/dultra.ts';
import { exact } from '../../../server/train/rl/replay/exact.ts';
import { recordedCandidates } from '../../../server/train/rl/replay/recorded-tokens.ts';
import { TrainingSession } from '../../../server/train/session.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { assertGradients, randomValues, type Weights, windowModel } from '../../support/objective-lab.ts';
import { naiveDecisions, naivePlannerLogits, planned } from '../../support/planner-lab.ts';
import { LETTERS } from '../../support/tiny-model.ts';

const TEMPERATURE = 0.8;
const TOP_K = 6;
const PARAMETER = 'model.layers.1.mlp.up_proj.weight';

const { folder, spec: windowSpec, stored } = await windowModel();
const base: DenoiserSpec = { ...windowSpec, suppressedTokenIds: [156] };
const SPECS: Record<string, DenoiserSpec> = {
  window: base,
  blocks: { ...base, cleanAttention: 'block', logitShift: 0 },
  full: { ...base, cleanAttention: 'full', logitShift: 0 },
};

/** Three responses to two prompts, whose planner has the given tensors. */
async function sampled(spec: DenoiserSpec, weights: Weights, unmasking: PlannerUnmasking) {
  const denoiser = naiveDenoiser(spec, (name) => stored.get(name)!);
  const policy = planned(spec, (name) => weights.get(name)!, unmasking);
  const responses: JudgedResponse[] = [];
  for (const [i, promptIds] of [
    [5, 6, 7],
    [5, 6, 7],
    [9, 8],
  ].entries()) {
    const settings = {
      mode: 'threshold',
      policy: 'learned',
      maxTokens: 7,
      temperature: TEMPERATURE,
      topK: TOP_K,
      seed: i,
    } as const;
    const hooks = { cancelled: () => false, candidates: recordedCandidates(spec, settings), policy };
    const recorded = await decode(denoiser, LETTERS, denoiser.newCache(), promptIds, settings, hooks);
    const states = exact.states(recorded, spec, { ...dultra.replay, unmasking }, new Random(i));
    responses.push({ ...recorded, states, advantage: [1.3, -0.8, 0.4][i], correct: i !== 1 });
  }
  return responses;
}

/** dUltra as it is, and with other policies than the present one, so that ratios are clipped. */
const OBJECTIVES = {
  'on-policy': dultra.objective,
  'off-policy': { ...dultra.objective, innerIterations: 2 },
};
const CASES = [
  ['window', 'on-policy', 'bernoulli-forced'],
  ['window', 'off-policy', 'bernoulli-released'],
  ['blocks', 'off-policy', 'bernoulli-forced'],
  ['full', 'on-policy', 'bernoulli'],
] as const;

for (const [model, kind, unmasking] of CASES) {
  test(`dUltra's loss trains denoiser and planner together: ${model}, ${kind}, ${unmasking}`, async () => {
    const spec = SPECS[model];
    const objective = OBJECTIVES[kind];
    const old = kind === 'off-policy';
    const decisions = { forced: unmasking === 'bernoulli-forced' };
    const plan = { tensors: new Set([PARAMETER]), planner: true };
    const session = await TrainingSession.open({ ...folder, spec }, plan, 1, {
      policy: {
        competition: competitionOf('behaviour', TOP_K),
        suppressed: spec.suppressedTokenIds,
        decisions,
        loss: { ...lossSettings(objective), old },
      },
    });
    const drawn = randomValues(session.parameters, 8);
    const values = new Map<string, Float32Array>(
      [...drawn].map(([name, value]) => [name, value.map((x) => x / 2)]),
    );
    values.set(PARAMETER, stored.get(PARAMETER)!);
    const responses = await sampled(spec, values, unmasking);
    const terms = objectiveTerms(responses, objective);
    const whole = policyRows(spec, responses);
    const read = (weights: Weights) => (name: string) => weights.get(name) ?? stored.get(name)!;
    /** What does not depend on the planner, by the denoiser's trained tensor. */
    const denoised = new Map<unknown, { hidden: Float64Array; tokens: number[] }>();
    const denoise = (weights: Weights) => {
      const known = denoised.get(weights.get(PARAMETER));
      if (known) return known;
      const { hidden } = naiveForward(spec, read(weights), whole);
      const tokens = naiveLogProbs(spec, read(weights), whole, { temperature: TEMPERATURE });
      denoised.set(weights.get(PARAMETER), { hidden, tokens });
      return { hidden, tokens };
    };
    const naive = (weights: Weights) => {
      const { hidden, tokens } = denoise(weights);
      const logits = naivePlannerLogits(spec, read(weights), whole, whole.planned, hidden);
      const bits = naiveDecisions(whole, logits, unmasking);
      return tokens.map((token, i) => token + bits[i]);
    };
    const start = naive(values);
    const other = start.map((value, i) => value + (old ? 0.5 * Math.sin(7 * whole.scored[i].position) : 0));

    const run = async (mostRows: number) => {
      const sums = new Map<string, Float32Array>();
      let [total, at] = [0, 0];
      const batches = policyBatches(spec, responses, terms, mostRows);
      for (const batch of batches) {
        const { rows } = batch;
        // Only sums over states count, which the graph makes of other parts.
        const others = old ? { old: other.slice(at, at + rows.scored.length) } : {};
        at += rows.scored.length;
        const fed = scoredBatch(rows, 'behaviour', TEMPERATURE, decisions);
        const inputs = { ...fed.inputs, ...lossInputs(batch.terms, others) };
        const result = await session.run({ ...fed, inputs }, values);
        total += result.loss;
        for (const [name, gradient] of result.gradients) {
          const sum = sums.get(name);
          sums.set(name, sum ? sum.map((value, i) => value + gradient[i]) : gradient);
        }
      }
      return { batches: batches.length, loss: total, gradients: sums };
    };
    const [one, three] = [await run(1000), await run(1)];
    await session.release();
    assert.deepEqual([one.batches, three.batches], [1, 3]);
    assert.ok(Math.abs(one.loss - three.loss) < 1e-5, `${one.loss} ${three.loss}`);
    const lossWith = (weights: Weights) =>
      policyLoss(naive(weights), { old: other }, joinedTerms(terms), lossSettings(objective)).loss;
    assert.ok(Math.abs(one.loss - lossWith(values)) < 1e-5, `${one.loss} is not ${lossWith(values)}`);
    assertGradients(one.gradients, values, lossWith, 2);
  });
}
