import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../server/decode/decode.ts';
import { POLICIES } from '../../server/decode/policies/index.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { RevealRule } from '../../server/protocol.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySpec, tinyWeights } from '../support/tiny-model.ts';
import {
  naiveLogits,
  uncachedBlocks,
  uncachedFull,
  uncachedThreshold,
} from '../support/uncached-decoding.ts';

const POLICY_NAMES = Object.keys(POLICIES) as RevealRule[];
const HOOKS = { cancelled: () => false, candidates: 0 };

function randomRequest(random: () => number) {
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    below,
    prompt: Array.from({ length: 1 + below(9) }, () => below(5)),
    threshold: [0, 1, random()][below(3)],
    maxTokens: 1 + below(14),
  };
}

test('threshold decoding with a cache makes the steps of the uncached one on 300 random models', async () => {
  const sizes = new Set<number>();
  for (let seed = 1; seed <= 300; seed++) {
    const random = testRandom(seed);
    const { below, prompt, threshold, maxTokens } = randomRequest(random);
    const spec = tinySpec({ blockSize: 2 + below(6), stopTokenIds: below(2) ? [0] : [] });
    const settings = { threshold, maxTokens, window: 2 + below(spec.blockSize - 1) };
    const expected = uncachedThreshold(spec, naiveLogits(spec, tinyWeights(spec, seed)), prompt, settings);
    const denoiser = tinyDenoiser(spec, seed);
    const mode = 'threshold' as const;
    const actual = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, { ...settings, mode }, HOOKS);
    assert.deepEqual(stepsOf(actual.steps), expected.steps, `seed ${seed}`);
    assert.deepEqual(actual.responseIds, expected.responseIds);
    for (const step of actual.steps) sizes.add(step.revealed.length);
  }
  assert.ok(sizes.has(1) && sizes.has(2) && sizes.has(4));
});

test('block decoding with a cache makes the steps of the uncached one on 300 random models', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { below, prompt, threshold, maxTokens } = randomRequest(testRandom(seed));
    const spec = blockSpec({
      ...[{ blockSize: 1 + below(6) }, { blockSize: 4, subBlockSize: 2 }, { blockSize: 6, subBlockSize: 3 }][
        below(3)
      ],
      stopTokenIds: below(2) ? [0] : [],
      logitShift: below(2) ? 1 : 0,
    });
    const policy = POLICY_NAMES[below(POLICY_NAMES.length)];
    const steps = below(2) ? spec.blockSize : 1 + below(spec.blockSize);
    const bounds = { entropyBound: 2 * threshold, factor: 3 * threshold };
    const settings = { threshold, maxTokens, window: spec.blockSize, policy, steps, ...bounds };
    const expected = uncachedBlocks(spec, naiveLogits(spec, tinyWeights(spec, seed)), prompt, settings);
    const denoiser = tinyDenoiser(spec, seed);
    const cache = denoiser.newCache();
    const actual = await decode(denoiser, LETTERS, cache, prompt, settings, HOOKS);
    // With shift 1 a commit reveals a token, and only then.
    const revealing = actual.steps.filter((step) => step.revealed.length > 0);
    assert.deepEqual(stepsOf(revealing), expected.steps, `seed ${seed}`);
    assert.deepEqual(actual.responseIds, expected.responseIds);
    const denoise = actual.steps.filter((step) => step.kind === 'denoise');
    assert.ok(denoise.every((step) => step.revealed.length > 0));
    assert.equal(actual.forwards.denoise, denoise.length);
    assert.equal(actual.forwards.total, actual.steps.length);
    // What is cached can be used again: whole blocks of prompt and response.
    const longer = [...prompt, ...actual.responseIds];
    const warm = await decode(denoiser, LETTERS, cache, longer, settings, HOOKS);
    const cold = await decode(denoiser, LETTERS, denoiser.newCache(), longer, settings, HOOKS);
    assert.deepEqual(warm.responseIds, cold.responseIds);
    assert.ok(warm.cachedTokens % spec.blockSize === 0);
  }
});

test('full attention makes the steps of the uncached decoding on 80 random models, with every cache', async () => {
  for (let seed = 1; seed <= 80; seed++) {
    const { below, prompt, threshold, maxTokens } = randomRequest(testRandom(seed));
    const spec = fullSpec({ logitShift: below(2) ? 1 : 0, stopTokenIds: below(2) ? [0] : [] });
    const settings = {
      threshold,
      maxTokens,
      window: 1 + below(maxTokens),
      policy: POLICY_NAMES[below(POLICY_NAMES.length)],
      cache: ([undefined, 'prefix', 'dual'] as const)[below(3)],
      refresh: below(2) ? undefined : 1 + below(3),
    };
    const suffixIds = [3, 1, 4].slice(0, below(4));
    const expected = uncachedFull(spec, naiveLogits(spec, tinyWeights(spec, seed)), prompt, {
      ...settings,
      suffixIds,
    });
    const denoiser = tinyDenoiser(spec, seed);
    const cache = denoiser.newCache();
    const hooks = { ...HOOKS, suffixIds };
    const actual = await decode(denoiser, LETTERS, cache, prompt, settings, hooks);
    assert.deepEqual(stepsOf(actual.steps), expected.steps, `seed ${seed}`);
    assert.deepEqual(actual.responseIds, expected.responseIds);
    // What a decoding leaves in the cache does not change the next one.
    const again = await decode(denoiser, LETTERS, cache, prompt, settings, hooks);
    assert.deepEqual(again.responseIds, actual.responseIds);
  }
});

test('a cache that is refreshed at every step changes nothing, one that is not does', async () => {
  let changed = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const spec = fullSpec({ logitShift: seed % 2 ? 1 : 0, stopTokenIds: [] });
    const denoiser = tinyDenoiser(spec, seed);
    const run = (settings: object) =>
      decode(
        denoiser,
        LETTERS,
        denoiser.newCache(),
        [1, 2, 3],
        { maxTokens: 8, window: 4, threshold: 1, ...settings },
        HOOKS,
      );
    const exact = (await run({})).responseIds;
    for (const cache of ['prefix', 'dual'] as const) {
      assert.deepEqual((await run({ cache, refresh: 1 })).responseIds, exact, `${cache}, seed ${seed}`);
      if ((await run({ cache })).responseIds.join() !== exact.join()) changed++;
    }
  }
  assert.ok(changed > 0);
});

test('every block takes at most one forward a position and then one commit', async () => {
  const spec = blockSpec({ blockSize: 4, stopTokenIds: [] });
  const denoiser = tinyDenoiser(spec, 5);
  const settings = { threshold: 1, maxTokens: 10 };
  const { steps, tpf, forwards } = await decode(
    denoiser,
    LETTERS,
    denoiser.newCache(),
    [1, 2],
    settings,
    HOOKS,
  );
  // The first block begins with the two prompt tokens; the last is not committed, for nothing follows it.
  assert.deepEqual(
    steps.map((step) => `${step.kind[0]}${step.windowStart}`).join(' '),
    'd-2 d-2 c-2 d2 d2 d2 d2 c2 d6 d6 d6 d6',
  );
  assert.deepEqual([forwards.denoise, forwards.total], [10, 12]);
  assert.deepEqual([tpf.denoise, tpf.total], [1, 10 / 12]);
});

function blockSpec(overrides: Partial<DenoiserSpec>): DenoiserSpec {
  return tinySpec({ cleanAttention: 'block', logitShift: 0, qkNorm: true, tiedHead: false, ...overrides });
}

function fullSpec(overrides: Partial<DenoiserSpec>): DenoiserSpec {
  return tinySpec({ cleanAttention: 'full', ...overrides });
}

function stepsOf(steps: { revealed: { position: number; id: number }[] }[]) {
  return steps.map((step) => step.revealed.map(({ position, id }) => [position, id]));
}
