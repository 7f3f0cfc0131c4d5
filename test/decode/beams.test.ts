import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveForward } from '../../kernels/naive-forward.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import type { Following } from '../../server/decode/following.ts';
import { naiveDenoiser } from '../../server/decode/naive-denoiser.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { parseTrajectory } from '../../server/trajectory-file.ts';
import { testRandom, tinySpec, tinyWeights } from '../support/tiny-model.ts';

/** Token 0 ends a response, 5 is the mask; one text may be spelled in several ways. */
const TEXTS = ['', 'a', 'b', 'ab', '\n', '<mask>'];
const TOKENIZER = {
  tokenText: (id: number) => TEXTS[id],
  stream: () => ({ push: (id: number) => TEXTS[id] }),
};
const SPEC = tinySpec({ vocabSize: TEXTS.length });
const LAMBDA = 0.7;
const SETTINGS = { stopStrings: ['\n'], maxTokens: 4 };

/** Letter by letter, so that no response is spelled as it was decoded by chance. */
function encode(text: string): number[] {
  return [...text].map((letter) => TEXTS.indexOf(letter));
}

function model(seed: number) {
  const weights = tinyWeights(SPEC, seed);
  const denoiser = naiveDenoiser(SPEC, weights);
  /** log p of every token after the last of `ids`. */
  const logProbs = (ids: number[]): number[] => {
    const { logits } = naiveForward(SPEC, weights, {
      ids,
      positions: [...ids.keys()],
      visible: (row, column) => column <= row,
    });
    const last = [...logits.subarray((ids.length - 1) * SPEC.vocabSize)];
    last[SPEC.maskTokenId!] = Number.NEGATIVE_INFINITY;
    const total = Math.log(last.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return last.map((logit) => logit - total);
  };
  return { denoiser, logProbs };
}

/** The prompt of a model that fills the middle: what stands after the response, then what stands before it. */
function randomCase(seed: number) {
  const random = testRandom(seed);
  const tokens = (count: number) => Array.from({ length: count }, () => 1 + Math.floor(random() * 4));
  const after = tokens(1 + Math.floor(random() * 4));
  const before = tokens(Math.floor(random() * 4));
  const following: Following = { before, ids: after, encode };
  return { prompt: [...after, 4, ...before], following, ...model(seed) };
}

type Case = ReturnType<typeof randomCase>;

/** Goes through every response there can be: log p of each text, all its spellings together. */
function everyText({ prompt, logProbs }: Case, maxTokens: number): Map<string, number> {
  const sums = new Map<string, number>();
  const walk = (ids: number[], text: string, logProb: number) => {
    for (const [id, value] of logProbs([...prompt, ...ids]).entries()) {
      if (value === Number.NEGATIVE_INFINITY) continue;
      const grown = [...ids, id];
      const ended = id === 0 || id === 4 || grown.length === maxTokens;
      const written = id === 4 ? text : text + TEXTS[id];
      if (!ended) walk(grown, written, logProb + value);
      else sums.set(written, Math.log(Math.exp(sums.get(written) ?? -1e9) + Math.exp(logProb + value)));
    }
  };
  walk([], '', 0);
  return sums;
}

/** Σ log p of what follows behind a text, by one forward a token. */
function logProbAfter({ following, logProbs }: Case, text: string): number {
  const { before } = following;
  let ids = [...(before.length > 0 ? before : SPEC.stopTokenIds), ...encode(text)];
  let sum = 0;
  for (const id of following.ids) {
    sum += logProbs(ids)[id];
    ids = [...ids, id];
  }
  return sum;
}

function run(
  denoiser: Denoiser,
  prompt: number[],
  settings: Partial<DecodeSettings>,
  following?: Following,
  cache = denoiser.newCache(),
) {
  const hooks = { cancelled: () => false, candidates: 2, following };
  return decode(denoiser, TOKENIZER, cache, prompt, { ...SETTINGS, ...settings }, hooks);
}

test('enough beams find the likeliest of all responses, with what follows and without', async () => {
  let moved = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const given = randomCase(seed);
    const all = [...everyText(given, SETTINGS.maxTokens)];
    const best = (score: (text: string, logProb: number) => number) =>
      all
        .map(([text, logProb]) => ({ text, score: score(text, logProb) }))
        .sort((a, b) => b.score - a.score)[0].text;
    const likeliest = best((_, logProb) => logProb);
    const withAfter = best((text, logProb) => logProb + LAMBDA * logProbAfter(given, text));
    const alone = await run(given.denoiser, given.prompt, { beams: 64 });
    const among = await run(given.denoiser, given.prompt, { beams: 64 }, given.following);
    assert.equal(alone.text, likeliest, `seed ${seed}`);
    assert.equal(among.text, withAfter, `seed ${seed}`);
    moved += Number(withAfter !== likeliest);
  }
  assert.ok(moved > 10, `what follows changed ${moved} answers`);
});

test('a few beams answer with tokens of the probabilities that they are said to have', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    const { denoiser, prompt, following, logProbs } = randomCase(seed);
    const beams = 2 + (seed % 5);
    const answer = await run(denoiser, prompt, { beams, maxTokens: 7 }, following);
    for (const [i, { revealed, windowStart, settled }] of answer.steps.entries()) {
      const expected = logProbs([...prompt, ...answer.responseIds.slice(0, i)])[answer.responseIds[i]];
      assert.deepEqual([windowStart, settled, revealed[0].id], [i - 1, i + 1, answer.responseIds[i]]);
      assert.ok(Math.abs(revealed[0].logProb - expected) < 1e-5, `seed ${seed}`);
      assert.equal(revealed[0].candidates?.length, 2);
    }
    assert.equal(answer.steps.length, answer.responseIds.length);
    // At least one forward a token, and one or more to choose.
    assert.ok(answer.forwards.total > answer.responseIds.length);
    const whole = { ...answer, model: 'tiny', weights: '', device: 'cpu' };
    assert.equal(parseTrajectory(JSON.stringify(whole), 'trace').settings.beams, beams);
    seen.add(answer.stop);
  }
  assert.deepEqual([...seen].sort(), ['length', 'string', 'token']);
});

test('one beam is ar', async () => {
  const { denoiser, prompt, following } = randomCase(5);
  const [one, ar] = [
    await run(denoiser, prompt, { mode: 'ar', beams: 1 }, following),
    await run(denoiser, prompt, { mode: 'ar' }, following),
  ];
  assert.deepEqual(one.responseIds, ar.responseIds);
  assert.equal(one.forwards.total, ar.forwards.total);
});

test('every beam begins as it has to', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { denoiser, prompt, following } = randomCase(seed);
    const text = ['ab', 'ba', '\na'][seed % 3];
    const hooks = { cancelled: () => false, candidates: 0, following, beginning: { text, encode } };
    const settings = { ...SETTINGS, maxTokens: 6, beams: 4 };
    const answer = await decode(denoiser, TOKENIZER, denoiser.newCache(), prompt, settings, hooks);
    assert.ok(answer.text.startsWith(text), `seed ${seed}: ${JSON.stringify(answer.text)}`);
  }
});

test('a tree leaves nothing in the cache, cancelled or not', async () => {
  const { denoiser, prompt, following } = randomCase(3);
  const cache = denoiser.newCache();
  const fresh = await run(denoiser, prompt, { beams: 3 }, following, cache);
  assert.deepEqual(cache.tokens, prompt.slice(0, -1));
  for (let after = 0; after < fresh.forwards.total; after++) {
    let left = after;
    const hooks = { cancelled: () => left-- === 0, candidates: 0, following };
    const settings = { ...SETTINGS, beams: 3 };
    const cut = await decode(denoiser, TOKENIZER, cache, prompt, settings, hooks);
    assert.equal(cut.stop, 'cancelled');
    assert.deepEqual(cut.responseIds, []);
    assert.deepEqual(cache.tokens, prompt.slice(0, -1));
  }
  assert.equal((await run(denoiser, prompt, { beams: 3 }, following, cache)).text, fresh.text);
});
