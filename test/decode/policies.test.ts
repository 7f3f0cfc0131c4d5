import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICIES } from '../../server/decode/policies/index.ts';
import { leastRevealed } from '../../server/decode/policies/policy.ts';
import type { Choice } from '../../server/decode/recorder.ts';
import type { DecodeSettings, RevealRule } from '../../server/protocol.ts';
import { bruteForceReveal, type Masked, type PolicySettings } from '../support/brute-force-policies.ts';
import { testRandom } from '../support/tiny-model.ts';

const NAMES = Object.keys(POLICIES) as RevealRule[];

function revealed(masked: readonly Masked[], least: number, settings: PolicySettings): number[] {
  const choices: Choice[] = masked.map(({ position, probability, entropy }) => ({
    position,
    id: 1,
    distribution: { ids: [1], logProbs: [Math.log(probability)], entropy },
    source: 'noisy',
  }));
  return POLICIES[settings.policy ?? 'dynamic'](choices, least, settings as DecodeSettings)
    .map(({ position }) => position)
    .sort((a, b) => a - b);
}

/** Positions 0, 1, … with these probabilities. */
const probabilities = (...values: number[]) =>
  values.map((probability, position) => ({ position, probability, entropy: 0 }));

test('dynamic: all that reach the threshold, the threshold itself included', () => {
  const positions = (list: Masked[], threshold: number, least = 1) => revealed(list, least, { threshold });
  assert.deepEqual(positions(probabilities(0.5, 0.25, 1), 0.5), [0, 2]);
  // Fewer than the least: the most probable, the left one of equals.
  assert.deepEqual(positions(probabilities(0.25, 0.5, 0.5), 0.9), [1]);
  assert.deepEqual(positions(probabilities(0.95, 0.1, 0.2), 0.9, 2), [0, 2]);
  assert.deepEqual(positions(probabilities(0.95, 0.96, 0.2), 0.9, 2), [0, 1]);
  assert.deepEqual(positions(probabilities(0.1), 1), [0]);
});

test('factor: the thresholds for f = 1 are none, 2/3, 3/4 and 4/5, and the first failure ends the row', () => {
  const count = (...values: number[]) =>
    revealed(probabilities(...values), 1, { policy: 'factor', threshold: 1 });
  assert.deepEqual(count(0.1), [0]);
  assert.deepEqual(count(0.9, 0.67), [0, 1]);
  assert.deepEqual(count(0.9, 0.66), [0]);
  assert.deepEqual(count(0.8, 0.9, 0.75), [0, 1, 2]);
  assert.deepEqual(count(0.8, 0.9, 0.74), [0, 1]);
  assert.deepEqual(count(0.8, 0.8, 0.8, 0.8), [0, 1, 2, 3]);
  // The last masked position fails and stays masked.
  assert.deepEqual(count(0.8, 0.8, 0.8, 0.79), [0, 1, 2]);
  assert.deepEqual(
    revealed(probabilities(0.6, 0.5), 1, { policy: 'factor', threshold: 1, factor: 1.5 }),
    [0, 1],
  );
});

test('entropy: the sum of all revealed stays under the bound', () => {
  const masked = [0.3, 0.1, 0.2].map((entropy, position) => ({ position, probability: 0.5, entropy }));
  const positions = (entropyBound: number, least = 1) =>
    revealed(masked, least, { policy: 'entropy', threshold: 1, entropyBound });
  assert.deepEqual(positions(0.05), [1]);
  assert.deepEqual(positions(0.29), [1]);
  assert.deepEqual(positions(0.31), [1, 2]);
  assert.deepEqual(positions(0.61), [0, 1, 2]);
  assert.deepEqual(positions(0.05, 2), [1, 2]);
});

test('every policy reveals what trying all sets of positions finds, on 2000 random windows', () => {
  const random = testRandom(7);
  for (let round = 0; round < 2000; round++) {
    const size = 1 + Math.floor(random() * 6);
    // Coarse values, so that there are equals.
    const masked = Array.from({ length: size }, (_, i) => ({
      position: 3 * i,
      probability: (1 + Math.floor(random() * 16)) / 16,
      entropy: Math.floor(random() * 8) / 16,
    }));
    const least = 1 + Math.floor(random() * size);
    const settings = { threshold: random(), entropyBound: random(), factor: 2 * random() };
    for (const policy of NAMES) {
      const expected = bruteForceReveal(masked, least, { ...settings, policy });
      assert.deepEqual(
        revealed(masked, least, { ...settings, policy }),
        expected,
        `${policy}, round ${round}`,
      );
    }
  }
});

test('the steps of a window share its positions out, the first ones taking what is left over', () => {
  const shares = (size: number, steps: number) =>
    Array.from({ length: steps }, (_, step) => leastRevealed(size, steps, step));
  assert.deepEqual(shares(4, 4), [1, 1, 1, 1]);
  assert.deepEqual(shares(32, 5), [7, 7, 6, 6, 6]);
  assert.deepEqual(shares(4, 1), [4]);
  // More steps than positions: none is idle.
  assert.deepEqual(shares(2, 3), [1, 1, 1]);
});
