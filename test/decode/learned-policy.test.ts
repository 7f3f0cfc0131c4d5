import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import { UNMASKINGS, type UnmaskingName } from '../../server/decode/unmasking/index.ts';
import type { LearnedPolicy, PolicyView } from '../../server/decode/unmasking/learned-policy.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

/** A policy whose logits are drawn anew for every view; `seen` are the views that it was shown. */
function randomPolicy(window: number, unmasking: UnmaskingName, seed: number, bias = 0) {
  const random = testRandom(seed);
  const seen: PolicyView[] = [];
  const policy: LearnedPolicy = {
    unmasking,
    temperature: 1,
    window,
    confidences: 2,
    hidden: true,
    async logits(view) {
      seen.push(view);
      return view.eligible.map(() => 4 * random() - 2 + bias);
    },
  };
  return { policy, seen };
}

function run(
  denoiser: Denoiser,
  prompt: number[],
  settings: Partial<DecodeSettings>,
  policy?: LearnedPolicy,
  policyInputs = false,
) {
  const hooks = { cancelled: () => false, candidates: 0, policy, policyInputs };
  return decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, hooks);
}

const of = ({ responseIds, text, stop }: Awaited<ReturnType<typeof run>>) => ({ responseIds, text, stop });

test('whatever a policy proposes, verified decoding gives the tokens of greedy ar', async () => {
  let saved = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = testRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const vocabSize = 4 + below(8);
    const blockSize = 2 + below(6);
    const spec = tinySpec({ vocabSize, blockSize, stopTokenIds: random() < 0.5 ? [0] : [] });
    const denoiser = tinyDenoiser(spec, seed, random() < 0.5 ? 2 + below(3) : 0);
    const prompt = Array.from({ length: 1 + below(6) }, () => below(vocabSize - 1));
    const window = 2 + below(blockSize - 1);
    const settings = { window, maxTokens: 1 + below(14) };
    const unmasking = (Object.keys(UNMASKINGS) as UnmaskingName[])[seed % 4];
    const { policy } = randomPolicy(window, unmasking, seed);
    const expected = await run(denoiser, prompt, { ...settings, mode: 'ar' });
    const actual = await run(denoiser, prompt, { ...settings, mode: 'verified', policy: 'learned' }, policy);
    assert.deepEqual(of(actual), of(expected), `seed ${seed}`);
    saved += expected.forwards.total - actual.forwards.total;
  }
  assert.ok(saved > 100, `${saved} forwards saved`);
});

const KINDS: [string, Partial<DenoiserSpec>, Partial<DecodeSettings>][] = [
  ['window', { blockSize: 4 }, { mode: 'threshold' }],
  ['blocks', { cleanAttention: 'block', logitShift: 0, blockSize: 4 }, {}],
  ['shifted blocks', { cleanAttention: 'block', blockSize: 4 }, {}],
  ['full attention', { cleanAttention: 'full', logitShift: 0, blockSize: 4 }, {}],
];

for (const [name, overrides, settings] of KINDS) {
  test(`what a policy saw and chose is recorded, and is what was revealed: ${name}`, async () => {
    let empty = 0;
    for (const unmasking of Object.keys(UNMASKINGS) as UnmaskingName[]) {
      for (let seed = 1; seed <= 10; seed++) {
        const denoiser = tinyDenoiser(tinySpec({ ...overrides, stopTokenIds: [] }), seed, 3);
        const { policy, seen } = randomPolicy(4, unmasking, seed, -1);
        const decoding = { ...settings, policy: 'learned', maxTokens: 11, seed } as const;
        const trajectory = await run(denoiser, [1, 2, 3, 4, 5], decoding, policy, true);
        assert.equal(trajectory.responseIds.length, 11, `${unmasking}, seed ${seed}`);
        const decided = trajectory.steps.filter(({ decision }) => decision);
        assert.equal(decided.length, seen.length);
        for (const [s, { decision, revealed, window, windowStart }] of decided.entries()) {
          const { eligible, chosen, probabilities, logProb, inputs } = decision!;
          const view = seen[s];
          assert.deepEqual(
            eligible,
            [...view.eligible.keys()].filter((row) => view.eligible[row]).map((row) => inputs!.start + row),
          );
          assert.ok(eligible.every((position) => window[position - windowStart] === null));
          assert.deepEqual(inputs!.confidences, [...view.confidences]);
          assert.deepEqual(inputs!.hidden, [...view.hidden!]);
          const logits = probabilities!.map((p) => Math.log(p / (1 - p)));
          const action = chosen.map((position) => eligible.indexOf(position));
          const expected = UNMASKINGS[unmasking].logProb(logits, action);
          assert.ok(Math.abs(logProb! - expected) < 1e-6);
          const positions = revealed.map(({ position }) => position);
          if (chosen.length > 0)
            assert.deepEqual(
              positions.slice(-chosen.length),
              chosen.toSorted((a, b) => a - b),
            );
          else empty++;
          // The most confident one, or what a causal model reveals anyway.
          assert.ok(chosen.length > 0 || positions.length <= 1);
          if (name === 'window') assert.ok(positions.includes(eligible[0]));
          if (name === 'window') assert.equal(inputs!.time, s / 11);
        }
      }
    }
    assert.ok(empty > 0, 'some steps revealed nothing');
  });
}

test('what a rule decides is recorded for a policy to learn from, without a probability', async () => {
  const denoiser = tinyDenoiser(tinySpec({ blockSize: 4 }), 3, 3);
  const { policy, seen } = randomPolicy(4, 'bernoulli', 1);
  for (const mode of ['threshold', 'verified'] as const) {
    const settings = { mode, window: 4, threshold: 0.3, maxTokens: 12 };
    const noted = await run(denoiser, [1, 2], settings, policy, true);
    const plain = await run(denoiser, [1, 2], settings);
    assert.deepEqual(of(noted), of(plain));
    for (const { decision, revealed } of noted.steps) {
      assert.equal(decision?.probabilities, undefined);
      const chosen = decision?.chosen.toSorted((a, b) => a - b) ?? [];
      const positions = revealed.map(({ position }) => position);
      assert.deepEqual(positions.slice(positions.length - chosen.length), chosen);
    }
    assert.ok(noted.steps.some(({ decision }) => decision));
    assert.ok(plain.steps.every(({ decision }) => decision === undefined));
  }
  assert.equal(seen.length, 0, 'the policy is not asked');
});

test('a low temperature takes what is more probable than not', async () => {
  const denoiser = tinyDenoiser(tinySpec({ cleanAttention: 'full', logitShift: 0, blockSize: 4 }), 3);
  const { policy } = randomPolicy(4, 'bernoulli', 1);
  const cold = { policy: 'learned', maxTokens: 12, policyTemperature: 0.01 } as const;
  for (const { decision } of (await run(denoiser, [1], cold, policy)).steps) {
    const probable = decision!.eligible.filter((_, i) => decision!.probabilities![i] > 0.5);
    assert.deepEqual(decision!.chosen, probable);
  }
});

test('a policy that does not fit is refused in a sentence', async () => {
  const denoiser = tinyDenoiser(tinySpec({ blockSize: 4 }), 3, 3);
  const { policy } = randomPolicy(3, 'bernoulli', 1);
  const learned = { mode: 'verified', policy: 'learned' } as const;
  await assert.rejects(
    run(denoiser, [1], { ...learned, window: 4 }, policy),
    /trained for windows of 3 positions, not of 4: set window to 3/,
  );
  await assert.rejects(run(denoiser, [1], learned), /comes in a file, and none was given/);
  await assert.rejects(
    run(denoiser, [1], { mode: 'ar', policy: 'learned' }, policy),
    /settings of the mode 'threshold'/,
  );
  await assert.rejects(run(denoiser, [1], { policyTemperature: 1 }), /are settings of the policy 'learned'/);
  await assert.rejects(
    run(denoiser, [1], { ...learned, policyTemperature: 0 }, policy),
    /policyTemperature must/,
  );
});
