import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamplerHeadWeights } from '../../../kernels/naive-sampler-head.ts';
import { decode } from '../../../server/decode/decode.ts';
import { naiveDenoiser } from '../../../server/decode/naive-denoiser.ts';
import { naiveSamplerHead } from '../../../server/decode/naive-sampler-head.ts';
import { Random } from '../../../server/decode/random.ts';
import type { DenoiserSpec } from '../../../server/models/spec.ts';
import {
  type JudgedResponse,
  lossSettings,
  needsOld,
  objectiveTerms,
} from '../../../server/train/rl/objective.ts';
import {
  competitionOf,
  joinedTerms,
  lossInputs,
  policyBatches,
  scoredBatch,
} from '../../../server/train/rl/policy-batches.ts';
import { policyLoss } from '../../../server/train/rl/policy-loss.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { RL_PRESETS } from '../../../server/train/rl/presets/index.ts';
import type { Recipe } from '../../../server/train/rl/recipe.ts';
import { REPLAYERS } from '../../../server/train/rl/replay/index.ts';
import { recordedCandidates } from '../../../server/train/rl/replay/recorded-tokens.ts';
import { TrainingSession } from '../../../server/train/session.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { assertGradients, randomValues, type Weights, windowModel } from '../../support/objective-lab.ts';
import { LETTERS } from '../../support/tiny-model.ts';

const TEMPERATURE = 0.8;
const TOP_K = 6;
const PARAMETER = 'model.layers.1.mlp.up_proj.weight';
const HEAD = { inner: 7, embeddingScale: 2 };

const { folder, spec: windowSpec, stored } = await windowModel();
const embeddingRow = (id: number) =>
  stored
    .get('model.embed_tokens.weight')!
    .subarray(id * windowSpec.hiddenSize, (id + 1) * windowSpec.hiddenSize);

function headOf(weights: Weights): SamplerHeadWeights {
  return {
    w1: weights.get('sampler_head.w1.weight')!,
    b1: weights.get('sampler_head.w1.bias')!,
    w2: weights.get('sampler_head.w2.weight')!,
    b2: weights.get('sampler_head.w2.bias')!,
    embeddingScale: HEAD.embeddingScale,
    embeddingRow,
    outputRow: embeddingRow,
  };
}

const CHAINED: DenoiserSpec = {
  ...windowSpec,
  suppressedTokenIds: [156],
  samplerHead: { file: '', hiddenSize: HEAD.inner, candidates: 4, embeddingScale: HEAD.embeddingScale },
};
const SPECS: Record<string, DenoiserSpec> = {
  chained: CHAINED,
  window: { ...CHAINED, samplerHead: undefined },
  blocks: { ...CHAINED, samplerHead: undefined, cleanAttention: 'block', logitShift: 0 },
  full: { ...CHAINED, samplerHead: undefined, cleanAttention: 'full', logitShift: 0 },
};

/** Three responses to two prompts, sampled by the naive decoder; models that attend in both directions borrow them. */
async function sampled(
  spec: DenoiserSpec,
  values: Weights,
  { replay, decode: { mode } }: Recipe,
): Promise<JudgedResponse[]> {
  const decoder = spec.cleanAttention === 'full' ? SPECS.blocks : spec;
  const head = decoder.samplerHead && naiveSamplerHead(headOf(values), decoder.samplerHead.candidates);
  const denoiser = naiveDenoiser(decoder, (name) => stored.get(name)!, head);
  const responses: JudgedResponse[] = [];
  for (const [i, promptIds] of [
    [5, 6, 7],
    [5, 6, 7],
    [9, 8],
  ].entries()) {
    const settings = {
      mode,
      threshold: 0.2,
      maxTokens: 7,
      temperature: TEMPERATURE,
      topK: TOP_K,
      seed: i,
    } as const;
    const hooks = { cancelled: () => false, candidates: recordedCandidates(decoder, settings) };
    const recorded = await decode(denoiser, LETTERS, denoiser.newCache(), promptIds, settings, hooks);
    const states = REPLAYERS[replay.replayer].states(recorded, spec, replay, new Random(i));
    responses.push({ ...recorded, states, advantage: [1.3, -0.8, 0.4][i], correct: i !== 1 });
  }
  return responses;
}

/** The exact probability of all that threshold decoding did, in ratios of whole steps. */
const TRANSITION: Recipe = {
  ...RL_PRESETS.lightningrl,
  replay: { ...RL_PRESETS.lightningrl.replay, likelihood: 'transition' },
  objective: { ...RL_PRESETS.lightningrl.objective, ratio: 'step', innerIterations: 2 },
};

const CASES: [name: string, recipe: Recipe, model: string][] = [
  // Those that train a policy or a planner have tests of their own.
  ...Object.entries(RL_PRESETS)
    .filter(([, { policy, replay }]) => !policy && !replay.unmasking)
    .flatMap(([name, recipe]): [string, Recipe, string][] =>
      (name === 'd1' ? ['full'] : name === 'lightningrl-verified' ? ['chained'] : ['chained', 'blocks']).map(
        (model) => [name, recipe, model],
      ),
    ),
  ['transition', TRANSITION, 'window'],
  ['transition', TRANSITION, 'blocks'],
];

for (const [name, recipe, model] of CASES) {
  test(`${name}, ${model}: loss and gradients of the naive network, however the step is cut`, async () => {
    const spec = SPECS[model];
    const { objective, replay } = recipe;
    assert.equal(REPLAYERS[replay.replayer].misfit(spec, recipe.decode, replay), undefined);
    const plan = { tensors: new Set([PARAMETER]), ...(spec.samplerHead && { samplerHead: HEAD }) };
    const policy = {
      competition: competitionOf(replay.likelihood, TOP_K),
      suppressed: spec.suppressedTokenIds,
    };
    const loss = { ...lossSettings(objective), old: needsOld(objective) };
    const session = await TrainingSession.open({ ...folder, spec }, plan, 1, {
      policy: { ...policy, loss },
      recompute: model === 'blocks',
    });
    const scoring = await TrainingSession.open({ ...folder, spec }, plan, 1, { policy });
    const values = randomValues(session.parameters, 8).set(PARAMETER, stored.get(PARAMETER)!);
    const responses = await sampled(spec, values, recipe);
    const terms = objectiveTerms(responses, objective);
    const whole = policyRows(spec, responses);
    // The other policies are the present one, moved: by less than the clipping, and by more.
    const other = (rows: typeof whole, now: ArrayLike<number>, times: number) =>
      Float32Array.from(now, (value, i) => value + times * Math.sin(7 * rows.scored[i].position));

    const run = async (mostRows: number) => {
      const batches = policyBatches(spec, responses, terms, mostRows);
      const sums = new Map<string, Float32Array>();
      let total = 0;
      for (const { rows, terms } of batches) {
        const batch = scoredBatch(rows, replay.likelihood, TEMPERATURE);
        const now = await scoring.score(batch, values);
        const others = {
          ...(loss.old && { old: other(rows, now, 0.5) }),
          ...(objective.kl && { reference: other(rows, now, 0.3) }),
        };
        const result = await session.run(
          { ...batch, inputs: { ...batch.inputs, ...lossInputs(terms, others) } },
          values,
        );
        assert.deepEqual(result.logProbabilities, now);
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
    await scoring.release();
    assert.deepEqual([one.batches, three.batches], [1, 3]);
    assert.ok(Math.abs(one.loss - three.loss) < 1e-5, `${one.loss} ${three.loss}`);
    for (const [name, gradient] of one.gradients) {
      const largest = Math.max(...gradient.map(Math.abs));
      gradient.forEach((value, i) => {
        assert.ok(Math.abs(value - three.gradients.get(name)![i]) < 1e-4 * largest, name);
      });
    }

    const listed = replay.likelihood === 'behaviour';
    const scored = whole.scored.map(({ candidates, ...token }) => ({
      ...token,
      ...(listed && { candidates }),
    }));
    const naive = (weights: Weights) =>
      naiveLogProbs(
        spec,
        (name) => weights.get(name) ?? stored.get(name)!,
        { ...whole, scored },
        {
          temperature: replay.likelihood === 'model' ? 1 : TEMPERATURE,
          ...(replay.likelihood === 'transition' && { best: TOP_K }),
          ...(spec.samplerHead && { head: headOf(weights) }),
        },
      );
    const start = naive(values);
    const others = {
      old: loss.old ? other(whole, start, 0.5) : start,
      ...(objective.kl && { reference: other(whole, start, 0.3) }),
    };
    const lossWith = (weights: Weights) =>
      policyLoss(naive(weights), others, joinedTerms(terms), lossSettings(objective)).loss;
    assert.ok(Math.abs(one.loss - lossWith(values)) < 1e-5, `${one.loss} is not ${lossWith(values)}`);
    assertGradients(one.gradients, values, lossWith, 6);
  });
}
