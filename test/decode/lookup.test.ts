import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naiveRescore } from '../../kernels/naive-sampler-head.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser, ForwardResult } from '../../server/decode/denoiser.ts';
import { lookup } from '../../server/decode/lookup.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySamplerHead, tinySpec } from '../support/tiny-model.ts';

/** The same by its definition: for each length, what stands behind the text's last tokens wherever they stand in it. */
function naiveLookup(text: readonly number[], candidates: readonly number[]): number[] {
  const of = (id: number) =>
    [1, 2, 3, 4].map((length) => {
      const end = text.slice(-length).join();
      const followers = [...text.keys()]
        .filter((i) => i >= length && text.slice(i - length, i).join() === end)
        .map((i) => text[i]);
      if (length > text.length || followers.length === 0) return 0;
      return followers.filter((other) => other === id).length / (followers.length + 0.5);
    });
  return candidates.map((id) => of(id).reduce((sum, share) => sum + share, 0));
}

test('a candidate gets the share that it has of what stands behind the same tokens, length by length', () => {
  // Behind 2: 3 twice and 5 once. Behind 1 2: 3 and 5 once each. Behind 9 1 2: 3 once.
  const text = [9, 1, 2, 3, 4, 2, 3, 1, 2, 5, 9, 1, 2];
  const [three, five, four] = lookup(text, [3, 5, 4]);
  assert.ok(Math.abs(three - (2 / 3.5 + 1 / 2.5 + 1 / 1.5)) < 1e-12);
  assert.ok(Math.abs(five - (1 / 3.5 + 1 / 2.5)) < 1e-12);
  assert.equal(four, 0);
  assert.deepEqual(lookup([7], [7, 8]), [0, 0]);
});

test('prompt lookup is what its definition says, on 500 random texts', () => {
  const random = testRandom(4);
  for (let run = 0; run < 500; run++) {
    const alphabet = 2 + Math.floor(random() * 4);
    const text = Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * alphabet));
    const candidates = [...Array(alphabet + 1).keys()];
    const [found, expected] = [lookup(text, candidates), naiveLookup(text, candidates)];
    for (const [i, share] of found.entries()) assert.ok(Math.abs(share - expected[i]) < 1e-9, `run ${run}`);
  }
});

test('a chained proposal is the best of the head and the lookup together, given those before it', async () => {
  const [size, weight] = [8, 2];
  let [checked, changed] = [0, 0];
  for (let seed = 1; seed <= 150; seed++) {
    const spec = tinySpec({ blockSize: 5, stopTokenIds: [] });
    const results: ForwardResult[] = [];
    const inner = tinyDenoiser(spec, seed, 4);
    const denoiser: Denoiser = {
      ...inner,
      async forward(request) {
        const result = await inner.forward(request);
        if (request.select.length > 0) results.push(result);
        return result;
      },
    };
    const head = tinySamplerHead(spec, seed);
    const prompt = [1, 2, 3, 1, 2, 4, 3, 1];
    const settings = { threshold: 0, window: 4, windowChance: 1, maxTokens: 12, lookup: weight };
    const hooks = { cancelled: () => false, candidates: 4 };
    const { steps } = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, hooks);
    const text = [...prompt];
    for (const { index, windowStart, window, revealed, rolledBack } of steps) {
      for (const { position, id } of revealed) text[prompt.length + position] = id;
      if (rolledBack.length > 0) continue;
      const masked = window.indexOf(null);
      for (const { position, id, logProb, source } of revealed) {
        if (source !== 'noisy') continue;
        // A row predicts the position behind its own.
        const row = position - 1 - windowStart;
        assert.ok(row >= masked);
        const { hidden, topIds } = results[index];
        const width = topIds.length / results[index].logSumExp.length;
        const candidates = [...topIds.slice(row * width, row * width + 4)];
        const before = text.slice(0, prompt.length + position);
        const state = hidden!.subarray(row * size, (row + 1) * size);
        const scores = naiveRescore(head, state, before.at(-1)!, candidates);
        const raised = naiveLookup(before, candidates).map((share, k) => scores[k] + weight * share);
        const total = Math.log(raised.reduce((sum, score) => sum + Math.exp(score), 0));
        assert.equal(
          id,
          candidates[raised.indexOf(Math.max(...raised))],
          `seed ${seed}, position ${position}`,
        );
        assert.ok(Math.abs(logProb - (Math.max(...raised) - total)) < 1e-5);
        checked++;
        if (raised.indexOf(Math.max(...raised)) !== scores.indexOf(Math.max(...scores))) changed++;
      }
    }
  }
  assert.ok(checked > 300 && changed > 20, `${checked} proposals, ${changed} of them changed by lookup`);
});

test('a model without a mask token proposes from the text, and writes what it writes token by token', async () => {
  let [tokens, forwards] = [0, 0];
  for (let seed = 1; seed <= 100; seed++) {
    const random = testRandom(seed);
    const spec = tinySpec({ maskTokenId: undefined, blockSize: 1, vocabSize: 6 });
    const denoiser = tinyDenoiser(spec, seed);
    const prompt = Array.from({ length: 2 + Math.floor(random() * 8) }, () => 1 + Math.floor(random() * 4));
    const settings = { threshold: random() * 0.5, maxTokens: 1 + Math.floor(random() * 14) };
    const run = (mode: 'ar' | 'verified') =>
      decode(
        denoiser,
        LETTERS,
        denoiser.newCache(),
        prompt,
        { ...settings, mode },
        { cancelled: () => false, candidates: 0 },
      );
    const [expected, actual] = [await run('ar'), await run('verified')];
    assert.deepEqual(actual.responseIds, expected.responseIds, `seed ${seed}`);
    assert.ok(actual.steps.every(({ revealed }) => revealed.every(({ source }) => source !== 'noisy')));
    tokens += actual.responseIds.length;
    forwards += actual.forwards.total;
  }
  assert.ok(forwards < tokens * 0.8, `${forwards} forwards for ${tokens} tokens`);
});
