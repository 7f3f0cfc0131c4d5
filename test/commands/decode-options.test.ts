import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError, type Values } from '../../server/commands/command.ts';
import { readDecodeOptions } from '../../server/commands/decode-options.ts';
import { defaultModelDir } from '../../server/models/installed.ts';

test('without options everything is left to the model', () => {
  assert.deepEqual(readDecodeOptions({}), {
    engine: { modelDir: defaultModelDir(), device: 'auto', threads: 0 },
    settings: {},
    trace: undefined,
    show: false,
  });
});

test('options become settings of the decoder', () => {
  const values = { decode: 'ar', threshold: '.5', 'max-tokens': '9', temperature: '1e-1', seed: '-3' };
  assert.deepEqual(readDecodeOptions(values).settings, {
    mode: 'ar',
    threshold: 0.5,
    maxTokens: 9,
    temperature: 0.1,
    seed: -3,
  });
});

test('a policy decides in the best mode of the model, or in the one that is named', () => {
  const file = { 'policy-file': 'p.safetensors', 'policy-temperature': '0.5' };
  const named = { policy: 'learned', policyFile: 'p.safetensors', policyTemperature: 0.5 };
  assert.deepEqual(readDecodeOptions({ decode: 'policy', ...file }).settings, named);
  assert.deepEqual(readDecodeOptions({ decode: 'threshold', policy: 'learned', ...file }).settings, {
    ...named,
    mode: 'threshold',
  });
});

const WRONG: Values[] = [
  { threshold: 'high' },
  { threshold: '' },
  { 'max-tokens': 'NaN' },
  { seed: 'Infinity' },
  { threads: '-1' },
  { threads: '1.5' },
  { decode: 'AR' },
  { device: 'gpu' },
];
for (const values of WRONG) {
  test(`${JSON.stringify(values)} is wrong usage`, () => {
    assert.throws(() => readDecodeOptions(values), UsageError);
  });
}
