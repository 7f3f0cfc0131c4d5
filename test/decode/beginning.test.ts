import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import { causalRows } from '../../server/decode/rows.ts';
import type { DecodeMode, DecodeSettings } from '../../server/protocol.ts';
import { testRandom, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

/** Token 0 ends a response, 11 is the mask; two tokens may spell what one does. */
const TEXTS = ['', 'a', 'b', 'c', 'ab', 'abc', ' a', ' ', 'ca', 'bcb', 'aa', '', 'd'];
const TOKENIZER = {
  tokenText: (id: number) => TEXTS[id] || '<special>',
  stream: () => ({ push: (id: number) => TEXTS[id] }),
};
const MODES: DecodeMode[] = ['ar', 'threshold', 'verified'];

/** Longest token first. */
function encode(text: string): number[] {
  const fitting = TEXTS.filter((token) => token !== '' && text.startsWith(token));
  const longest = fitting.sort((a, b) => b.length - a.length)[0];
  return text === '' ? [] : [TEXTS.indexOf(longest), ...encode(text.slice(longest.length))];
}

function model(seed: number): Denoiser {
  const spec = tinySpec({ vocabSize: TEXTS.length, maskTokenId: 11, suppressedTokenIds: [11] });
  return tinyDenoiser(spec, seed, seed % 2 === 0 ? 3 : 0);
}

function run(
  denoiser: Denoiser,
  prompt: number[],
  text: string,
  settings: Partial<DecodeSettings>,
  cache = denoiser.newCache(),
) {
  const hooks = { cancelled: () => false, candidates: 2, beginning: { text, encode } };
  return decode(denoiser, TOKENIZER, cache, prompt, { maxTokens: 12, threshold: 0.2, ...settings }, hooks);
}

/** Token by token on an empty cache: the best of the whole vocabulary that agrees, then simply the best. */
async function bruteForce(denoiser: Denoiser, prompt: number[], text: string, maxTokens: number) {
  const response: number[] = [];
  const probabilities: number[] = [];
  let written = '';
  while (response.length < maxTokens && response.at(-1) !== 0) {
    const ids = [...prompt, ...response];
    const request = { cache: denoiser.newCache(), ...causalRows(denoiser.spec, 0, [...ids, null]) };
    const result = await denoiser.forward({ ...request, select: [ids.length - 1], topK: 12 });
    const probability = (i: number) => Math.exp(result.topLogits[i] - result.logSumExp[0]);
    const rest = text.slice(written.length);
    const agree = [...result.topIds.keys()].filter((i) => {
      const token = TEXTS[result.topIds[i]];
      return rest === '' || (token !== '' && (token.startsWith(rest) || rest.startsWith(token)));
    });
    const total = agree.reduce((sum, i) => sum + probability(i), 0);
    response.push(result.topIds[agree[0]]);
    probabilities.push(probability(agree[0]) / (rest === '' ? 1 : total));
    written += TEXTS[result.topIds[agree[0]]];
  }
  return { response, probabilities };
}

function randomPrompt(seed: number): { prompt: number[]; text: string } {
  const random = testRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const prompt = Array.from({ length: 1 + below(5) }, () => 1 + below(9));
  return { prompt, text: [' a', 'ab', 'abcb', 'c', ' ', 'aab', ' abc'][below(7)] };
}

test('a response begins as it has to, by the best tokens that agree, and verified equals ar', async () => {
  let severalTokens = 0;
  let saved = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const denoiser = model(seed);
    const { prompt, text } = randomPrompt(seed);
    const expected = await bruteForce(denoiser, prompt, text, 12);
    const ar = await run(denoiser, prompt, text, { mode: 'ar' });
    assert.deepEqual(ar.responseIds, expected.response, `seed ${seed}`);
    ar.steps.forEach(({ revealed: [{ confidence }] }, i) => {
      assert.ok(Math.abs(confidence - expected.probabilities[i]) < 1e-6, `seed ${seed}, position ${i}`);
    });
    const verified = await run(denoiser, prompt, text, { mode: 'verified' });
    assert.deepEqual(verified.responseIds, ar.responseIds, `seed ${seed}`);
    assert.equal(verified.forwards.total, verified.steps.length);
    if (!ar.responseTexts[0].startsWith(text)) severalTokens++;
    saved += ar.forwards.total - verified.forwards.total;
  }
  assert.ok(severalTokens > 20, `${severalTokens} beginnings of several tokens`);
  assert.ok(saved > 50, `${saved} forwards saved`);
});

test('also threshold decoding and samples begin as they have to', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const denoiser = model(seed);
    const { prompt, text } = randomPrompt(seed);
    for (const mode of MODES) {
      for (const temperature of [0, 1.5]) {
        const result = await run(denoiser, prompt, text, { mode, temperature, seed });
        assert.ok(result.text.startsWith(text), `${mode}, seed ${seed}: '${result.text}'`);
      }
    }
  }
});

test('a beginning that no token of the row agrees with is spelled', async () => {
  const denoiser = model(1);
  /** Names one token a row, as if the vocabulary were huge, and never `d`. */
  const reserved: Denoiser = {
    ...denoiser,
    async forward(request) {
      const result = await denoiser.forward({ ...request, topK: 12 });
      const rows = result.logSumExp.length;
      const width = result.topIds.length / Math.max(1, rows);
      const best = Array.from({ length: rows }, (_, row) => {
        return row * width + (TEXTS[result.topIds[row * width]] === 'd' ? 1 : 0);
      });
      const topIds = Int32Array.from(best, (at) => result.topIds[at]);
      return { ...result, topIds, topLogits: Float32Array.from(best, (at) => result.topLogits[at]) };
    },
  };
  for (const mode of ['ar', 'verified'] as const) {
    const result = await run(reserved, [1, 2], 'dd', { mode });
    assert.deepEqual(result.responseIds.slice(0, 2), [12, 12]);
    assert.equal(result.steps[0].revealed[0].confidence, 1);
  }
});

test('typing a word leaves the cache of its prompt as it is', async () => {
  const denoiser = model(3);
  const cache = denoiser.newCache();
  const prompt = [1, 2, 3, 4, 5, 6];
  await run(denoiser, prompt, ' a', {}, cache);
  for (const text of [' ab', ' abc', ' abcb']) {
    const warm = await run(denoiser, prompt, text, {}, cache);
    assert.deepEqual([warm.cachedTokens, warm.forwards.prefill], [prompt.length - 1, 0]);
    assert.deepEqual(warm.responseIds, (await run(denoiser, prompt, text, {})).responseIds);
  }
});
