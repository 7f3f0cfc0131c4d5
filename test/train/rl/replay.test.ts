import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { decode } from '../../../server/decode/decode.ts';
import { POLICIES } from '../../../server/decode/policies/index.ts';
import type { DenoiserSpec } from '../../../server/models/spec.ts';
import type { DecodeSettings, RevealPolicy } from '../../../server/protocol.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { REPLAYERS } from '../../../server/train/rl/replay/index.ts';
import type {
  Decoding,
  Recorded,
  ReplaySettings,
  ReplayState,
} from '../../../server/train/rl/replay/replayer.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import { BLOCK, FULL, HEAD, logProbs, record, replayed, settings } from '../../support/replay-lab.ts';
import { LETTERS, tinyDenoiser, tinySamplerHead, tinySpec, tinyWeights } from '../../support/tiny-model.ts';

const DECODINGS: [string, Partial<DenoiserSpec>, Partial<DecodeSettings>][] = [
  ['ar', {}, { mode: 'ar' }],
  ['threshold', {}, { mode: 'threshold' }],
  ['threshold, chained', HEAD, { mode: 'threshold' }],
  ['verified', {}, { mode: 'verified' }],
  ['verified, chained', HEAD, { mode: 'verified' }],
  [
    'verified, chained, windows behind every token',
    HEAD,
    { mode: 'verified', windowChance: 0, threshold: 0 },
  ],
  ['blocks', BLOCK, { mode: 'threshold' }],
  ...(Object.keys(POLICIES) as RevealPolicy[]).map((policy): (typeof DECODINGS)[number] => [
    `blocks, two at a time, ${policy}`,
    BLOCK,
    { mode: 'threshold', policy, steps: 2 },
  ]),
  ['blocks, shifted', { ...BLOCK, logitShift: 1 }, { mode: 'threshold' }],
  ['full attention', FULL, { mode: 'threshold' }],
  ['full attention, shifted', { ...FULL, logitShift: 1 }, { mode: 'threshold' }],
];

for (const [name, overrides, decoding] of DECODINGS) {
  test(`exact replay in one forward gives what the decoder recorded: ${name}`, async () => {
    const spec = tinySpec(overrides);
    let [tokens, behindEnd] = [0, 0];
    for (let seed = 1; seed <= 30; seed++) {
      const recorded = await record(spec, seed, { ...decoding, temperature: seed % 3 ? 0.8 : 0 });
      const expected = recorded.steps.flatMap(({ revealed }) =>
        revealed.toSorted((a, b) => a.position - b.position).map(({ logProb }) => logProb),
      );
      const actual = logProbs(spec, seed, recorded, replayed(spec, recorded));
      assert.equal(actual.length, expected.length);
      actual.forEach(
        (value, i) => void assert.ok(Math.abs(value - expected[i]) < 1e-9, `${value} ${expected[i]}`),
      );
      tokens += actual.length;
      const inside = replayed(spec, recorded, { scoreAfterEnd: false }).flatMap(({ scored }) => scored);
      behindEnd += actual.length - inside.length;
      const end = recorded.promptIds.length + recorded.responseIds.length;
      assert.ok(inside.every(({ position }) => position >= recorded.promptIds.length && position < end));
    }
    assert.ok(tokens > 150);
    if (decoding.mode === 'threshold' && decoding.policy !== 'sequential') assert.ok(behindEnd > 5);
  });
}

test('responses to one prompt share its rows, and others do not see each other', async () => {
  for (const overrides of [HEAD, BLOCK]) {
    const spec = tinySpec(overrides);
    const prompt = [1, 2, 3, 4, 5];
    const responses: (Recorded & { states: readonly ReplayState[] })[] = [];
    for (const [seed, promptIds] of [
      [1, prompt],
      [2, prompt],
      [3, [6, 1]],
    ] as const) {
      const denoiser = tinyDenoiser(spec, 4, spec.samplerHead?.candidates);
      const decoding = {
        threshold: 0.3,
        maxTokens: 10,
        topK: 5,
        seed,
        temperature: 0.8,
        mode: 'threshold' as const,
      };
      const hooks = { cancelled: () => false, candidates: 5 };
      const recorded = await decode(denoiser, LETTERS, denoiser.newCache(), promptIds, decoding, hooks);
      responses.push({ ...recorded, states: replayed(spec, recorded) });
    }
    const score = (of: typeof responses) =>
      naiveLogProbs(spec, tinyWeights(spec, 4), policyRows(spec, of), {
        temperature: 0.8,
        head: tinySamplerHead(spec, 4),
      });
    const alone = responses.flatMap((one) => score([one]));
    const together = score(responses);
    together.forEach((value, i) => void assert.ok(Math.abs(value - alone[i]) < 1e-9));
    const rows = (of: typeof responses) => policyRows(spec, of).ids.length;
    const shared = overrides === BLOCK ? 4 : 5;
    assert.equal(
      rows(responses.slice(0, 2)),
      rows(responses.slice(0, 1)) + rows(responses.slice(1, 2)) - shared,
    );
  }
});

test('ratios to the behaviour average to 1 over its choices, those of the plain softmax do not', async () => {
  for (const overrides of [HEAD, BLOCK]) {
    const spec = tinySpec(overrides);
    const recorded = await record(spec, 2, { mode: 'threshold', temperature: 0.6 });
    const rows = policyRows(spec, [{ ...recorded, states: replayed(spec, recorded) }]);
    const original = tinyWeights(spec, 2);
    const moved = (name: string) =>
      original(name).map((value, i) => value + 0.02 * Math.sin(i + name.length));
    const head = tinySamplerHead(spec, 2);
    const token = rows.scored[rows.scored.length - 1];
    /** log p of every candidate of the token. */
    const choices = (weight: typeof original, plain: boolean) => {
      const scored = token.candidates!.map((id) => ({
        ...token,
        id,
        ...(plain && { candidates: undefined }),
      }));
      return naiveLogProbs(spec, weight, { ...rows, scored }, { head, temperature: plain ? 1 : 0.6 });
    };
    const average = (plain: boolean) => {
      const [before, after] = [choices(original, plain), choices(moved, plain)];
      const behaviour = choices(original, false);
      return after.reduce((sum, value, i) => sum + Math.exp(behaviour[i] + value - before[i]), 0);
    };
    assert.ok(Math.abs(average(false) - 1) < 1e-12);
    assert.ok(Math.abs(average(true) - 1) > 1e-4, `${average(true)}`);
  }
});

test('a replay that would not be what it says is refused', () => {
  const misfit = (
    spec: Partial<DenoiserSpec>,
    decoding: Partial<Decoding>,
    changes: Partial<ReplaySettings>,
  ) => {
    const chosen = settings(changes);
    return (
      REPLAYERS[chosen.replayer].misfit(tinySpec(spec), { mode: 'threshold', ...decoding }, chosen) ?? ''
    );
  };
  assert.match(misfit(FULL, { cache: 'prefix' }, {}), /only about right/);
  assert.equal(misfit(FULL, { cache: 'prefix', refresh: 1 }, {}), '');
  assert.equal(misfit(BLOCK, {}, { likelihood: 'transition' }), '');
  assert.match(misfit(HEAD, {}, { likelihood: 'transition' }), /chain/);
  assert.match(
    misfit(BLOCK, { policy: 'static' }, { likelihood: 'transition' }),
    /plain threshold decoding only/,
  );
  assert.match(misfit({}, {}, { replayer: 'shrink' }), /no grid/);
  assert.match(misfit({}, {}, { replayer: 'full-onestep' }), /both directions/);
  assert.match(misfit({}, {}, { replayer: 'autoregressive' }), /not decided by clean rows/);
  assert.match(misfit(BLOCK, {}, { replayer: 'autoregressive' }), /not causal/);
  assert.equal(misfit({}, { mode: 'verified' }, { replayer: 'autoregressive' }), '');
  assert.match(misfit({}, {}, { replayer: 'verified' }), /not decoded by the mode verified/);
});

test('the likelihood of a verified response: token by token by the clean rows; and the proposals that stood', async () => {
  const spec = tinySpec(HEAD);
  let stood = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const recorded = await record(spec, seed, { mode: 'verified', temperature: 0.8, threshold: 0.2 });
    const text = replayed(spec, recorded, { replayer: 'autoregressive' });
    const actual = logProbs(spec, seed, recorded, text);
    const ids = [...recorded.promptIds, ...recorded.responseIds];
    const { logits } = naiveForward(spec, tinyWeights(spec, seed), {
      ids,
      positions: [...ids.keys()],
      visible: (row, column) => column <= row,
    });
    assert.equal(actual.length, recorded.responseIds.length);
    for (const [i, id] of recorded.responseIds.entries()) {
      const last = (recorded.promptIds.length + i - 1) * spec.vocabSize;
      // The five best tokens at the temperature, as they are sampled.
      const scores = [...logits.subarray(last, last + spec.vocabSize - 1)].map((score) => score / 0.8);
      const total = scores
        .toSorted((a, b) => b - a)
        .slice(0, 5)
        .reduce((sum, score) => sum + Math.exp(score), 0);
      assert.ok(
        Math.abs(actual[i] - (scores[id] - Math.log(total))) < 1e-6,
        `${actual[i]}, ${scores[id] - Math.log(total)}`,
      );
    }
    const all = replayed(spec, recorded, { replayer: 'verified' });
    assert.deepEqual(
      all.slice(0, text.length).map(({ scored }) => scored),
      text.map(({ scored }) => scored),
    );
    const proposed = logProbs(spec, seed, recorded, all.slice(text.length));
    const expected = recorded.steps.flatMap(({ revealed }, i) =>
      revealed.filter(({ position }) =>
        recorded.steps[i + 1]?.confirmed.some((one) => one.position === position),
      ),
    );
    assert.ok(expected.every(({ position, id }) => recorded.responseIds[position] === id));
    proposed.forEach((value, i) => void assert.ok(Math.abs(value - expected[i].logProb) < 1e-9));
    stood += proposed.length;
  }
  assert.ok(stood > 5, `${stood}`);
});
