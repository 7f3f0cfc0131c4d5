import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../../kernels/naive-forward.ts';
import { decode } from '../../../server/decode/decode.ts';
import { POLICIES } from '../../../server/decode/policies/index.ts';
import { Random } from '../../../server/decode/random.ts';
import type { DenoiserSpec } from '../../../server/models/spec.ts';
import type { DecodeSettings, RevealPolicy } from '../../../server/protocol.ts';
import { noisyClean } from '../../../server/train/objectives/noisy-clean.ts';
import { policyRows } from '../../../server/train/rl/policy-rows.ts';
import { REPLAYERS, type ReplayerName } from '../../../server/train/rl/replay/index.ts';
import { RecordedTokens, recordedCandidates } from '../../../server/train/rl/replay/recorded-tokens.ts';
import type {
  Decoding,
  Recorded,
  ReplaySettings,
  ReplayState,
} from '../../../server/train/rl/replay/replayer.ts';
import { rounds, shrunk } from '../../../server/train/rl/replay/rounds.ts';
import { naiveLogProbs } from '../../support/naive-log-probs.ts';
import {
  LETTERS,
  testRandom,
  tinyDenoiser,
  tinySamplerHead,
  tinySpec,
  tinyWeights,
} from '../../support/tiny-model.ts';

const BLOCK: Partial<DenoiserSpec> = { cleanAttention: 'block', logitShift: 0, blockSize: 4 };
const FULL: Partial<DenoiserSpec> = { cleanAttention: 'full', logitShift: 0, blockSize: 4 };
const HEAD: Partial<DenoiserSpec> = {
  samplerHead: { file: '', hiddenSize: 10, candidates: 3, embeddingScale: 1 },
};

const settings = (changes: Partial<ReplaySettings> = {}): ReplaySettings => ({
  replayer: 'exact',
  likelihood: 'behaviour',
  shrink: 1,
  promptMask: 0,
  scoreAfterEnd: true,
  ...changes,
});

/** A response of a tiny model to a prompt that the seed draws. */
async function record(spec: DenoiserSpec, seed: number, given: Partial<DecodeSettings>): Promise<Recorded> {
  const random = testRandom(seed);
  const denoiser = tinyDenoiser(spec, seed, spec.samplerHead?.candidates);
  const prompt = Array.from({ length: 1 + Math.floor(random() * 7) }, () => Math.floor(random() * 8));
  const decoding = { threshold: random() * 0.6, maxTokens: 14, topK: 5, seed, ...given };
  const hooks = { cancelled: () => false, candidates: recordedCandidates(spec, decoding) };
  const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, decoding, hooks);
  return JSON.parse(JSON.stringify(trajectory));
}

function replayed(spec: DenoiserSpec, recorded: Recorded, changes: Partial<ReplaySettings> = {}) {
  const chosen = settings(changes);
  return REPLAYERS[chosen.replayer].states(recorded, spec, chosen, new Random(1));
}

function logProbs(spec: DenoiserSpec, seed: number, recorded: Recorded, states: readonly ReplayState[]) {
  const rows = policyRows(spec, [{ ...recorded, states }]);
  const temperature = recorded.settings.temperature || 1;
  const head = tinySamplerHead(spec, seed);
  return naiveLogProbs(spec, tinyWeights(spec, seed), rows, { temperature, head, rounded: true });
}

const DECODINGS: [string, Partial<DenoiserSpec>, Partial<DecodeSettings>][] = [
  ['ar', {}, { mode: 'ar' }],
  ['threshold', {}, { mode: 'threshold' }],
  ['threshold, chained', HEAD, { mode: 'threshold' }],
  ['verified', {}, { mode: 'verified' }],
  ['verified, chained', HEAD, { mode: 'verified' }],
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

test("DiPO's rounds: the vector with three prompt tokens, and shrinking by two", () => {
  const steps = [0, 0, 0, 2, 3, 4, 4, 3, 5, 5, 5, 6];
  assert.deepEqual(rounds(steps, 4), [
    { masked: [3, 4, 5, 6, 7, 8, 9, 10, 11], scored: [3, 4, 7, 8, 9, 10] },
    { masked: [5, 6, 11], scored: [5, 6, 11] },
  ]);
  assert.deepEqual(shrunk(steps, 4, 2), [0, 0, 0, 2, 4, 4, 4, 4, 6, 6, 6, 6]);
  assert.deepEqual(shrunk(steps, 4, 1), steps);
  const sequential = rounds([1, 2, 3, 4, 5, 6, 7, 8], 4);
  assert.deepEqual(
    sequential.map(({ scored }) => scored),
    [
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
    ],
  );
  assert.equal(rounds([1, 1, 1, 1, 2, 2, 2, Number.POSITIVE_INFINITY], 4).length, 1);
});

test('rounds over a noisy and a clean copy score every token once, as the decoder recorded it', async () => {
  const spec = tinySpec(BLOCK);
  for (let seed = 1; seed <= 20; seed++) {
    const recorded = await record(spec, seed, { mode: 'threshold', temperature: 0.8 });
    const tokens = new RecordedTokens(recorded, spec);
    const counted = tokens.counted(true);
    const length = Math.ceil((counted[counted.length - 1] + 1) / 4) * 4;
    const steps = Array.from({ length }, (_, position) => tokens.step(position));
    const clean = steps.map((_, position) => tokens.id(position) ?? spec.maskTokenId!);
    const found = new Map<number, number>();
    for (const { masked, scored } of rounds(steps, 4)) {
      assert.ok(scored.every((position) => masked.includes(position)));
      const noisy = clean.map((id, position) => (masked.includes(position) ? spec.maskTokenId! : id));
      const rows = noisyClean(noisy, clean, 4, [], {});
      const inRows = scored.map((position) => ({
        ...tokens.scored(position, true),
        row: position,
        response: 0,
        state: 0,
      }));
      const values = naiveLogProbs(
        spec,
        tinyWeights(spec, seed),
        { ...rows, scored: inRows },
        { temperature: 0.8, rounded: true },
      );
      for (const [i, position] of scored.entries()) {
        assert.ok(!found.has(position));
        found.set(position, values[i]);
      }
    }
    assert.deepEqual(
      [...found.keys()].sort((a, b) => a - b),
      counted,
    );
    for (const { revealed } of recorded.steps) {
      for (const { position, logProb } of revealed) {
        assert.ok(Math.abs(found.get(recorded.promptIds.length + position)! - logProb) < 1e-9);
      }
    }
  }
});

const byPlace = (states: readonly ReplayState[]) =>
  states.toSorted((a, b) => a.start - b.start || a.round - b.round);

test('shrinking by 1 is the exact replay, by the size of a block the one-step estimator', async () => {
  const spec = tinySpec(BLOCK);
  let several = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const recorded = await record(spec, seed, { mode: 'threshold', temperature: 0.8 });
    for (const scoreAfterEnd of [true, false]) {
      const exact = byPlace(replayed(spec, recorded, { scoreAfterEnd })).map(unrecorded);
      const once = byPlace(replayed(spec, recorded, { replayer: 'shrink', scoreAfterEnd }));
      assert.deepEqual(once, exact);
      const onestep = replayed(spec, recorded, { replayer: 'block-onestep', scoreAfterEnd });
      const all = replayed(spec, recorded, { replayer: 'shrink', shrink: 4, scoreAfterEnd });
      assert.deepEqual(all, onestep);
      const sum = (states: readonly ReplayState[]) =>
        logProbs(spec, seed, recorded, states).reduce((total, value) => total + value, 0);
      const singleSteps = exact.every(({ round }) => round === 0);
      assert.equal(Math.abs(sum(exact) - sum(onestep)) < 1e-9, singleSteps);
      if (!singleSteps) several++;
    }
  }
  assert.ok(several > 5);
});

/** Without what only the exact replay knows of a token. */
function unrecorded(state: ReplayState): ReplayState {
  return { ...state, scored: state.scored.map(({ recorded: _, ...token }) => token) };
}

test('one-step over the whole response is block one-step of one block where no prompt token is masked', async () => {
  const recorded = await record(tinySpec(BLOCK), 3, { mode: 'threshold', temperature: 0.8 });
  const spec = tinySpec({ cleanAttention: 'full', logitShift: 0 });
  const [full] = replayed(spec, recorded, { replayer: 'full-onestep', scoreAfterEnd: false });
  assert.deepEqual([full], replayed(spec, recorded, { replayer: 'block-onestep', scoreAfterEnd: false }));
  assert.deepEqual(full.tokens.slice(0, recorded.promptIds.length), recorded.promptIds);
  assert.ok(full.tokens.slice(recorded.promptIds.length).every((id) => id === null));
  const [hidden] = replayed(spec, recorded, { replayer: 'full-onestep', promptMask: 1 });
  assert.ok(hidden.tokens.every((id) => id === null));
  assert.ok(hidden.scored.every(({ position }) => position >= recorded.promptIds.length));
});

test('coupled masks score every token once, random ones some', async () => {
  for (const spec of [tinySpec(BLOCK), tinySpec(), tinySpec({ cleanAttention: 'full', logitShift: 0 })]) {
    const recorded = await record(tinySpec(BLOCK), 7, { mode: 'threshold', temperature: 0.8, maxTokens: 30 });
    const scored = (replayer: 'random' | 'coupled') =>
      replayed(spec, recorded, { replayer, scoreAfterEnd: false })
        .flatMap((state) => state.scored.map(({ position }) => position))
        .sort((a, b) => a - b);
    const all = recorded.responseIds.map((_, i) => recorded.promptIds.length + i);
    assert.deepEqual(scored('coupled'), all);
    assert.ok(scored('random').length < all.length && scored('random').length > 0);
  }
});

test('a token that is scored is hidden from the row that predicts it, whatever the replay', async () => {
  for (const overrides of [{}, HEAD, BLOCK]) {
    const spec = tinySpec(overrides);
    const recorded = await record(spec, 9, { mode: 'threshold', temperature: 0.8 });
    for (const replayer of Object.keys(REPLAYERS) as ReplayerName[]) {
      if (REPLAYERS[replayer].misfit(spec, recorded.settings, settings({ replayer }))) continue;
      const states = replayed(spec, recorded, { replayer });
      const rows = policyRows(spec, [{ ...recorded, states }]);
      for (const { row, position } of rows.scored) {
        const reached = new Set([row]);
        for (const at of reached) rows.ids.forEach((_, c) => void (rows.visible(at, c) && reached.add(c)));
        for (const column of reached) {
          assert.ok(rows.positions[column] !== position || rows.ids[column] === spec.maskTokenId);
        }
      }
    }
  }
});

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
