import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptedSettings, resolveSettings } from '../../server/decode/settings.ts';
import { UserError } from '../../server/errors.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeMode, DecodeSettings, RevealPolicy } from '../../server/protocol.ts';
import { tinySpec } from '../support/tiny-model.ts';

const CAUSAL = tinySpec();
const BLOCK = tinySpec({ cleanAttention: 'block', logitShift: 0, blockSize: 4 });
const PLAIN = tinySpec({ maskTokenId: undefined, blockSize: 1 });
const FULL = tinySpec({ cleanAttention: 'full', logitShift: 0 });

test('the defaults follow from the kind of model', () => {
  const modeOf = (spec: DenoiserSpec) => resolveSettings(spec, {}).mode;
  assert.deepEqual([CAUSAL, BLOCK, FULL, PLAIN].map(modeOf), [
    'verified',
    'threshold',
    'threshold',
    'verified',
  ]);
  assert.equal(resolveSettings(CAUSAL, {}).window, 3);
  assert.equal(resolveSettings({ ...CAUSAL, blockSize: 2 }, {}).window, 2);
  assert.equal(resolveSettings(CAUSAL, { mode: 'threshold' }).window, CAUSAL.blockSize);
  assert.equal(resolveSettings(BLOCK, {}).window, BLOCK.blockSize);
  assert.equal(resolveSettings(FULL, {}).window, FULL.blockSize);
  assert.equal(resolveSettings(FULL, { maxTokens: 3 }).window, 3);
  const given: DecodeSettings = {
    mode: 'threshold',
    threshold: 0.5,
    window: 3,
    maxTokens: 7,
    temperature: 0.8,
    seed: -5,
    topK: 4,
    stopStrings: ['\n'],
    policy: 'factor',
    steps: 2,
    factor: 1.5,
    entropyBound: 0.2,
  };
  assert.deepEqual(resolveSettings(CAUSAL, given), given);
});

test('settings for another kind of model give way to those of the model', () => {
  const wish = { mode: 'verified', threshold: 0.3, maxTokens: 7 } as const;
  assert.deepEqual(adaptedSettings(CAUSAL, wish), wish);
  assert.deepEqual(adaptedSettings(BLOCK, wish), { maxTokens: 7 });
  assert.deepEqual(adaptedSettings(FULL, wish), { maxTokens: 7 });
  assert.equal(resolveSettings(PLAIN, adaptedSettings(PLAIN, wish)).window, 1);
  assert.equal(adaptedSettings(PLAIN, { mode: 'threshold' }).mode, undefined);
  assert.deepEqual(adaptedSettings(BLOCK, { threshold: 0.3 }), { threshold: 0.3 });
  assert.deepEqual(adaptedSettings(BLOCK, { ...wish, windowChance: 0.5 }), { maxTokens: 7 });
  const fastest = { window: 3, windowChance: 0.1 };
  assert.deepEqual(adaptedSettings(CAUSAL, { ...wish, window: 5 }, fastest), {
    ...fastest,
    ...wish,
    window: 5,
  });
  assert.deepEqual(adaptedSettings(CAUSAL, { mode: 'threshold' }, fastest), { mode: 'threshold' });
});

test('beams take the place of a mode where a model fills in between, and are left out elsewhere', () => {
  const fim = { order: 'suffix-prefix-middle', suffixTokenId: 1, prefixTokenId: 2, endTokenId: 0 } as const;
  const wish = { mode: 'verified', threshold: 0.3, beams: 4, maxTokens: 7 } as const;
  const fastest = { window: 3, windowChance: 0.1 };
  const weighed = { mode: 'ar', beams: 4, maxTokens: 7 };
  assert.deepEqual(adaptedSettings(tinySpec({ fim }), wish, fastest), weighed);
  const { beams: _beams, ...without } = wish;
  assert.deepEqual(adaptedSettings(CAUSAL, wish, fastest), { ...fastest, ...without });
  assert.deepEqual(adaptedSettings(BLOCK, wish, fastest), { maxTokens: 7 });
  assert.deepEqual(adaptedSettings(tinySpec({ fim }), { policy: 'learned', beams: 2 }), {
    mode: 'ar',
    beams: 2,
  });
  assert.equal(resolveSettings(CAUSAL, { beams: 4 }).mode, 'ar');
});

const REFUSED: [string, DenoiserSpec, Partial<DecodeSettings>, RegExp][] = [
  ['threshold above 1', CAUSAL, { threshold: 1.1 }, /threshold must be a number from 0 to 1, not 1\.1/],
  ['threshold NaN', CAUSAL, { threshold: Number.NaN }, /threshold/],
  ['window of 1', CAUSAL, { window: 1 }, /window must be a whole number from 2 to 6/],
  ['window beyond the block size', CAUSAL, { window: 7 }, /window must be a whole number from 2 to 6/],
  ['no tokens', CAUSAL, { maxTokens: 0 }, /maxTokens must be a whole number of at least 1/],
  ['half a token', CAUSAL, { maxTokens: 1.5 }, /maxTokens/],
  ['negative temperature', CAUSAL, { temperature: -1 }, /temperature/],
  ['a seed that is no integer', CAUSAL, { seed: 0.5 }, /seed/],
  ['topK of 0', CAUSAL, { topK: 0 }, /topK/],
  ['an empty stop string', CAUSAL, { stopStrings: [''] }, /stopStrings/],
  ['an unknown policy', BLOCK, { policy: 'best' as RevealPolicy }, /'best' is unknown: use dynamic, static/],
  [
    'a policy of verified decoding',
    CAUSAL,
    { policy: 'factor' },
    /settings of the mode 'threshold', not of 'verified'/,
  ],
  ['no beams', CAUSAL, { beams: 0 }, /beams must be a whole number from 1 to 64, not 0/],
  ['beams of samples', CAUSAL, { beams: 4, temperature: 1 }, /no samples: set temperature to 0/],
  ['beams of another mode', CAUSAL, { beams: 4, mode: 'verified' }, /of the mode 'ar', not of 'verified'/],
  ['beams on blocks', BLOCK, { beams: 4, mode: 'threshold' }, /causal attention, and this one has block/],
  ['a chance above 1', CAUSAL, { windowChance: 1.5 }, /windowChance must be a number from 0 to 1, not 1\.5/],
  ['a temperature of a rule', BLOCK, { policyTemperature: 1 }, /are settings of the policy 'learned'/],
  [
    'chained proposals that are drawn',
    tinySpec({ samplerHead: { file: '', hiddenSize: 10, candidates: 3, embeddingScale: 1 } }),
    { policy: 'learned', temperature: 1 },
    /a learned policy proposes greedily only: set temperature to 0/,
  ],
  ['no steps', BLOCK, { steps: 0 }, /steps must be a whole number of at least 1/],
  ['a negative bound', BLOCK, { entropyBound: -1 }, /entropyBound must be a number of at least 0/],
  ['a negative factor', BLOCK, { factor: -1 }, /factor must be a number of at least 0/],
  ['an unknown mode', CAUSAL, { mode: 'fast' as DecodeMode }, /'fast' is unknown/],
  [
    'masks without a mask token',
    PLAIN,
    { mode: 'threshold' },
    /no mask token, so it decodes with 'verified' or 'ar'/,
  ],
  ['a policy without a mask token', PLAIN, { policy: 'learned' }, /this model has no mask token/],
  ['a window without a mask token', PLAIN, { window: 2 }, /no window of masked positions: leave window out/],
  [
    'verified on blocks',
    BLOCK,
    { mode: 'verified' },
    /has block attention, so it decodes with 'threshold' only/,
  ],
  ['ar with full attention', FULL, { mode: 'ar' }, /has full attention, so it decodes with 'threshold' only/],
  ['another window on blocks', BLOCK, { window: 2 }, /window must be 4, the block size/],
  [
    'causal without shift',
    tinySpec({ logitShift: 0 }),
    {},
    /causal attention with logit_shift 1 only, not 0/,
  ],
  [
    'a window beyond the response',
    FULL,
    { window: 9, maxTokens: 8 },
    /window must be a whole number from 1 to 8/,
  ],
  [
    'a cache of causal attention',
    CAUSAL,
    { cache: 'dual' },
    /cache and refresh are settings of models with full/,
  ],
  ['an unknown cache', FULL, { cache: 'all' as 'dual' }, /The cache 'all' is unknown: use prefix or dual/],
  ['no refresh', FULL, { refresh: 0 }, /refresh must be a whole number of at least 1/],
];

for (const [name, spec, settings, message] of REFUSED) {
  test(`refused with one sentence: ${name}`, () => {
    assert.throws(
      () => resolveSettings(spec, settings),
      (error) => error instanceof UserError && message.test(error.message),
    );
  });
}
