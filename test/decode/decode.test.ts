import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser, ForwardRequest } from '../../server/decode/denoiser.ts';
import { UserError } from '../../server/errors.ts';
import type { DecodeMode, DecodeSettings, Step } from '../../server/protocol.ts';
import { LETTERS, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

const HOOKS = { cancelled: () => false, candidates: 0 };
const ENDLESS = tinySpec({ stopTokenIds: [] });
const BLOCKS = tinySpec({ stopTokenIds: [], cleanAttention: 'block', logitShift: 0, blockSize: 6 });
const MODES: [DecodeMode, typeof ENDLESS][] = [
  ['ar', ENDLESS],
  ['threshold', ENDLESS],
  ['verified', ENDLESS],
  ['threshold', BLOCKS],
  ['threshold', { ...BLOCKS, logitShift: 1, subBlockSize: 3 }],
  ['threshold', { ...ENDLESS, cleanAttention: 'full' }],
];

/** The same denoiser, with every request noted before it runs. */
function watched(denoiser: Denoiser, requests: ForwardRequest[]): Denoiser {
  return {
    ...denoiser,
    forward: (request) => {
      requests.push(request);
      return denoiser.forward(request);
    },
  };
}

for (const [mode, spec] of MODES) {
  const name = `${mode} on ${spec.cleanAttention} attention, shift ${spec.logitShift}`;
  const settings: Partial<DecodeSettings> = { mode, maxTokens: 12, threshold: 0.3 };
  const prompt = [1, 2, 3, 4, 5, 6, 7];

  test(`cancelled before any forward, ${name}: ends at once with what is settled`, async () => {
    const denoiser = tinyDenoiser(spec, 1);
    const whole = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, HOOKS);
    const calls = whole.forwards.prefill + whole.forwards.total;
    for (let allowed = 0; allowed < calls; allowed++) {
      let looked = 0;
      const requests: ForwardRequest[] = [];
      const cache = denoiser.newCache();
      const result = await decode(watched(denoiser, requests), LETTERS, cache, prompt, settings, {
        cancelled: () => looked++ >= allowed,
        candidates: 0,
      });
      assert.equal(result.stop, 'cancelled');
      assert.equal(requests.length, allowed);
      assert.deepEqual(result.responseIds, whole.responseIds.slice(0, result.responseIds.length));
      assert.equal(result.responseIds.length, result.steps.at(-1)?.settled ?? 0);
      // The cache that a cancelled request leaves is sound.
      const again = await decode(denoiser, LETTERS, cache, prompt, settings, HOOKS);
      assert.deepEqual(again.responseIds, whole.responseIds);
    }
  });

  test(`every step is reported once, in order, and the response follows from them, ${name}`, async () => {
    const denoiser = tinyDenoiser(spec, 2);
    const reported: Step[] = [];
    const result = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, {
      ...HOOKS,
      candidates: 3,
      onStep: (step) => reported.push(step),
    });
    assert.deepEqual(result.steps, reported);
    assert.deepEqual(
      reported.map((step) => step.index),
      [...reported.keys()],
    );
    const tokens: number[] = [];
    for (const step of reported) {
      for (const position of step.rolledBack) delete tokens[position];
      for (const reveal of step.revealed) {
        assert.equal(tokens[reveal.position], undefined);
        tokens[reveal.position] = reveal.id;
        assert.equal(reveal.text, LETTERS.tokenText(reveal.id));
        assert.ok(Math.abs(Math.exp(reveal.logProb) - reveal.confidence) < 1e-12);
        assert.equal(reveal.candidates?.length, reveal.source === 'lookup' ? 1 : 3);
        assert.equal(reveal.candidates[0].id, reveal.id);
        assert.equal(reveal.candidates[0].probability, reveal.confidence);
      }
    }
    assert.deepEqual(tokens.slice(0, 12), result.responseIds);
    assert.equal(result.text, result.responseIds.map(LETTERS.tokenText).join(''));
    assert.equal(result.tpf.total, result.responseIds.length / result.forwards.total);
    assert.ok(result.steps.every((step) => step.milliseconds >= 0));
  });

  test(`suppressed tokens are never emitted, ${name}`, async () => {
    const denoiser = tinyDenoiser({ ...spec, suppressedTokenIds: [8, 3, 4, 5] }, 3, mode === 'ar' ? 0 : 3);
    for (const temperature of [0, 1.5]) {
      const request = { ...settings, maxTokens: 40, temperature };
      const result = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, request, HOOKS);
      assert.ok(result.responseIds.every((id) => [0, 1, 2, 6, 7].includes(id)));
    }
  });
}

test('a long prompt is prefilled in forwards of at most 128 rows, and only what is not cached', async () => {
  for (const [spec, expected] of [
    [ENDLESS, [128, 128, 44]],
    [BLOCKS, [126, 126, 48]],
  ] as const) {
    const denoiser = tinyDenoiser(spec, 1);
    const requests: ForwardRequest[] = [];
    const cache = denoiser.newCache();
    const prompt = Array.from({ length: 301 }, (_, i) => i % 7);
    const run = (ids: number[]) =>
      decode(watched(denoiser, requests), LETTERS, cache, ids, { maxTokens: 1 }, HOOKS);
    const first = await run(prompt);
    const prefills = requests.filter((request) => request.select.length === 0);
    assert.deepEqual(
      prefills.map((request) => request.ids.length),
      expected,
    );
    assert.deepEqual([first.forwards.prefill, first.cachedTokens], [3, 0]);
    const second = await run([...prompt.slice(0, 200), 6, 6, 6, 6, 6, 6, 6]);
    assert.equal(second.cachedTokens, spec === BLOCKS ? 198 : 200);
    assert.equal(second.forwards.prefill, 1);
  }
});

test('the same seed gives the same response, another seed another one', async () => {
  const denoiser = tinyDenoiser(ENDLESS, 4, 3);
  const respond = async (seed: number) => {
    const settings = { temperature: 1, seed, maxTokens: 20 };
    return (await decode(denoiser, LETTERS, denoiser.newCache(), [1, 2], settings, HOOKS)).text;
  };
  assert.equal(await respond(1), await respond(1));
  assert.notEqual(await respond(1), await respond(2));
});

test('prompts that do not suit the model are refused with one sentence', async () => {
  const denoiser = tinyDenoiser(ENDLESS, 1);
  const refused = (prompt: number[], message: RegExp) =>
    assert.rejects(
      decode(denoiser, LETTERS, denoiser.newCache(), prompt, { maxTokens: 10 }, HOOKS),
      (error) => error instanceof UserError && message.test(error.message),
    );
  await refused([], /no tokens/);
  await refused([1, 9], /token 9 is outside the vocabulary of 9/);
  await refused(Array(503).fill(1), /503 tokens and 10 more exceed the model's 512 positions/);
});

test('logits that are not numbers are an error, not a response', async () => {
  for (const [mode, spec] of MODES) {
    const sound = tinyDenoiser(spec, 1);
    const broken: Denoiser = {
      ...sound,
      forward: async (request) => {
        const result = await sound.forward(request);
        return { ...result, topLogits: result.topLogits.fill(Number.NaN) };
      },
    };
    for (const temperature of [0, 1]) {
      await assert.rejects(
        decode(broken, LETTERS, broken.newCache(), [1], { mode, maxTokens: 5, temperature }, HOOKS),
        (error) => error instanceof UserError && /not numbers/.test(error.message),
      );
    }
  }
});
