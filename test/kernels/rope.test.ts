import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';

test('rope frequencies: closed forms, and llama3 as published for Llama 3.1 (head 128, theta 5e5)', () => {
  const plain = inverseFrequencies({ type: 'default', theta: 10000 }, 4);
  assert.deepEqual([...plain], [1, 0.01]);
  assert.deepEqual([...inverseFrequencies({ type: 'linear', theta: 10000, factor: 4 }, 4)], [0.25, 0.0025]);
  const llama3 = inverseFrequencies(
    {
      type: 'llama3',
      theta: 500000,
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 8192,
    },
    128,
  );
  // Waves shorter than 8192/4 positions stay, those longer than 8192 are slowed eight times, between them a blend.
  assert.equal(llama3[0], 1);
  assert.ok(Math.abs(llama3[63] - 500000 ** (-126 / 128) / 8) < 1e-18);
  const frequency = 500000 ** (-64 / 128);
  const wavelength = (2 * Math.PI) / frequency;
  const smooth = (8192 / wavelength - 1) / (4 - 1);
  assert.ok(smooth > 0 && smooth < 1);
  assert.ok(Math.abs(llama3[32] - ((1 - smooth) * frequency) / 8 - smooth * frequency) < 1e-12);
});

test('rotations are cosine and sine of position times frequency', () => {
  const cos = new Float32Array(4);
  const sin = new Float32Array(4);
  rotations(Float64Array.of(1, 0.5), [0, Math.PI], cos, sin);
  for (const [i, expected] of [1, 1, -1, 0].entries()) assert.ok(Math.abs(cos[i] - expected) < 1e-6);
  for (const [i, expected] of [0, 0, 0, 1].entries()) assert.ok(Math.abs(sin[i] - expected) < 1e-6);
});
