import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenConfidences } from '../../server/completion/answer.ts';
import { decode } from '../../server/decode/decode.ts';
import type { Denoiser } from '../../server/decode/denoiser.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec } from '../support/tiny-model.ts';

const HOOKS = { cancelled: () => false, candidates: 0 };

function run(denoiser: Denoiser, prompt: number[], settings: Partial<DecodeSettings>) {
  return decode(denoiser, LETTERS, denoiser.newCache(), prompt, settings, HOOKS);
}

/** A random model and request; small vocabularies make proposals agree often, stop tokens end some responses. */
function randomCase(seed: number) {
  const random = testRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const vocabSize = 4 + below(8);
  const blockSize = 2 + below(6);
  const spec = tinySpec({ vocabSize, blockSize, stopTokenIds: random() < 0.5 ? [0] : [] });
  const denoiser = tinyDenoiser(spec, seed, random() < 0.5 ? 2 + below(3) : 0);
  const prompt = Array.from({ length: 1 + below(6) }, () => below(vocabSize - 1));
  const settings: Partial<DecodeSettings> = {
    threshold: [0, 1, random(), random() * 0.5][below(4)],
    window: 2 + below(blockSize - 1),
    windowChance: [0, 1, random(), undefined][below(4)],
    maxTokens: 1 + below(14),
    stopStrings: [['ba', 'cc'], ['c'], ['bc', 'd'], [], [], [], [], []][below(8)],
  };
  return { denoiser, prompt, settings };
}

test('greedy verified decoding gives the tokens of greedy ar on 1,000 random models', async () => {
  const seen = { rollbacks: 0, alternatives: 0, saved: 0, stops: new Set<string>() };
  for (let seed = 1; seed <= 1000; seed++) {
    const { denoiser, prompt, settings } = randomCase(seed);
    const expected = await run(denoiser, prompt, { ...settings, mode: 'ar' });
    const actual = await run(denoiser, prompt, { ...settings, mode: 'verified' });
    const of = ({ responseIds, text, stop }: typeof actual) => ({ responseIds, text, stop });
    assert.deepEqual(of(actual), of(expected), `seed ${seed}`);
    assert.equal(expected.forwards.denoise, expected.responseIds.length);
    assert.ok(actual.forwards.total <= expected.forwards.total);
    for (const { windowStart, window, revealed, rolledBack } of actual.steps) {
      const positions = [...revealed.map(({ position }) => position), ...rolledBack];
      assert.ok(
        positions.every((position) => position < windowStart + window.length),
        `seed ${seed}`,
      );
    }
    seen.rollbacks += actual.rollbacks;
    // A row that was fed as an alternative is never wrong about what comes next.
    for (const [index, { revealed }] of actual.steps.entries()) {
      const [, proposal] = revealed.filter(({ source }) => source === 'clean');
      if (!proposal) continue;
      seen.alternatives++;
      assert.equal(proposal.id, expected.responseIds[proposal.position], `seed ${seed}`);
      assert.ok(actual.steps[index + 1].confirmed.some(({ position }) => position === proposal.position));
    }
    seen.saved += expected.forwards.total - actual.forwards.total;
    seen.stops.add(actual.stop);
  }
  // The cases must have exercised what they are for.
  assert.ok(seen.rollbacks > 1000, `${seen.rollbacks} roll-backs`);
  assert.ok(seen.alternatives > 30, `${seen.alternatives} alternatives`);
  assert.ok(seen.saved > 500, `${seen.saved} forwards saved`);
  assert.deepEqual([...seen.stops].sort(), ['length', 'string', 'token']);
});

test('after verification every token has the probability that ar gives it', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { denoiser, prompt, settings } = randomCase(seed);
    const expected = await run(denoiser, prompt, { ...settings, mode: 'ar' });
    const confidences = tokenConfidences(await run(denoiser, prompt, { ...settings, mode: 'verified' }));
    expected.steps.forEach(({ revealed: [{ position, confidence }] }) => {
      const difference = Math.abs(confidences.get(position)! - confidence);
      assert.ok(difference < 1e-9, `seed ${seed}, position ${position}`);
    });
  }
});

test('a second request on a warm cache gives the tokens of a cold one', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { denoiser, prompt, settings } = randomCase(seed);
    const cache = denoiser.newCache();
    const first = await decode(denoiser, LETTERS, cache, prompt, settings, HOOKS);
    const longer = [...prompt, ...first.responseIds.slice(0, 3), 1];
    const warm = await decode(denoiser, LETTERS, cache, longer, settings, HOOKS);
    const cold = await run(denoiser, longer, settings);
    assert.deepEqual(warm.responseIds, cold.responseIds);
    assert.ok(warm.cachedTokens >= prompt.length - 1);
    const held = [...longer, ...warm.responseIds];
    assert.deepEqual(cache.tokens, held.slice(0, cache.length));
  }
});
