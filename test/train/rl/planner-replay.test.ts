import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBatch } from '../../../server/decode/batch.ts';
import { decode } from '../../../server/decode/decode.ts';
import type { ForwardRequest } from '../../../server/decode/denoiser.ts';
import { Random } from '../../../server/decode/random.ts';
import { PLANNER_UNMASKINGS, type PlannerUnmasking } from '../../../server/decode/unmasking/index.ts';
import type { DenoiserSpec } from '../../../server/models/spec.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { exact } from '../../../server/train/rl/replay/exact.ts';
import { recordedCandidates } from '../../../server/train/rl/replay/recorded-tokens.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { naiveDecisions, naivePlannerLogits, tinyPlanner } from '../../support/planner-lab.ts';
import { HEAD, settings } from '../../support/replay-lab.ts';
import {
  LETTERS,
  testRandom,
  tinyDenoiser,
  tinySamplerHead,
  tinySpec,
  tinyWeights,
} from '../../support/tiny-model.ts';

const KINDS: Record<string, Partial<DenoiserSpec>> = {
  window: { blockSize: 4 },
  'window with a sampler head': { blockSize: 4, ...HEAD },
  blocks: { cleanAttention: 'block', logitShift: 0, blockSize: 4 },
  'shifted blocks': { cleanAttention: 'block', blockSize: 4, subBlockSize: 2 },
  'full attention': { cleanAttention: 'full', logitShift: 0, blockSize: 4 },
  'shifted full attention': { cleanAttention: 'full', blockSize: 4 },
};

/** A response to a prompt that `seed` draws, by a model that `weights` draws. */
async function sampled(spec: DenoiserSpec, seed: number, unmasking: PlannerUnmasking, weights = seed) {
  const random = testRandom(seed);
  const denoiser = tinyDenoiser(spec, weights, spec.samplerHead?.candidates);
  const prompt = Array.from({ length: 1 + Math.floor(random() * 7) }, () => Math.floor(random() * 8));
  const { policy, weight } = tinyPlanner(spec, weights, unmasking);
  const decoding = {
    mode: 'threshold',
    policy: 'learned',
    maxTokens: 11,
    temperature: 0.8,
    topK: 5,
    seed,
  } as const;
  const hooks = { cancelled: () => false, candidates: recordedCandidates(spec, decoding), policy };
  const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, decoding, hooks);
  return { trajectory: JSON.parse(JSON.stringify(trajectory)) as typeof trajectory, weight };
}

for (const [name, overrides] of Object.entries(KINDS)) {
  test(`a replay scores tokens and decisions as they were made: ${name}`, async () => {
    const spec = tinySpec(overrides);
    for (let seed = 1; seed <= 12; seed++) {
      const unmasking = PLANNER_UNMASKINGS[seed % 3];
      const { trajectory, weight } = await sampled(spec, seed, unmasking);
      const states = exact.states(trajectory, spec, settings({ unmasking }), new Random(1));
      const rows = policyRows(spec, [{ ...trajectory, states }]);
      const tokens = naiveLogProbs(spec, tinyWeights(spec, seed), rows, {
        temperature: 0.8,
        rounded: true,
        head: tinySamplerHead(spec, seed),
      });
      const read = (tensor: string) =>
        tensor.startsWith('planner.') ? weight(tensor) : tinyWeights(spec, seed)(tensor);
      const logits = naivePlannerLogits(spec, read, rows, rows.planned);
      const decisions = naiveDecisions(rows, logits, unmasking);
      const decided = trajectory.steps.filter(({ decision }) => decision);
      assert.equal(rows.planned.length, decided.length);
      const sum = (state: number, of: (i: number) => number) =>
        rows.scored.reduce((total, token, i) => total + (token.state === state ? of(i) : 0), 0);
      let at = 0;
      for (const [state, { scored }] of states.entries()) {
        const replayed = sum(state, (i) => tokens[i] + decisions[i]);
        const recorded = sum(state, (i) => rows.scored[i].recorded!);
        assert.ok(
          Math.abs(replayed - recorded) < 1e-5,
          `seed ${seed}, state ${state}: ${replayed} ${recorded}`,
        );
        if (scored.every(({ chosen }) => chosen === undefined)) continue;
        const { decision, revealed } = decided[at++];
        const whole = decision!.logProb! + revealed.reduce((total, { logProb }) => total + logProb, 0);
        assert.ok(Math.abs(whole - replayed) < 1e-5, `seed ${seed}, state ${state}: ${whole} ${replayed}`);
      }
      assert.equal(at, decided.length);
    }
  });
}

test('a planner decides about a response as if it were alone, whatever is decoded beside it', async () => {
  for (const [name, overrides] of Object.entries(KINDS)) {
    const spec = tinySpec(overrides);
    const alone = await Promise.all([1, 2, 3].map((seed) => sampled(spec, seed, 'bernoulli-forced', 5)));
    const jobs = alone.map(({ trajectory: { promptIds, settings: decoding } }) => ({
      promptIds,
      settings: decoding,
    }));
    const denoiser = tinyDenoiser(spec, 5, spec.samplerHead?.candidates);
    const batch = {
      ...denoiser,
      spec,
      newCaches: (count: number) => Array.from({ length: count }, () => denoiser.newCache()),
      forward: (requests: readonly ForwardRequest[]) => Promise.all(requests.map(denoiser.forward)),
    };
    const { policy } = tinyPlanner(spec, 5, 'bernoulli-forced');
    const hooks = { cancelled: () => false, candidates: 5, policy };
    const together = await decodeBatch(batch, LETTERS, jobs, 2, hooks);
    for (const [i, { responseIds, steps }] of together.entries()) {
      const { trajectory } = alone[i];
      assert.deepEqual(responseIds, trajectory.responseIds, name);
      assert.deepEqual(
        steps.map(({ decision }) => decision),
        trajectory.steps.map(({ decision }) => decision),
      );
    }
  }
});
