import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../server/decode/random.ts';
import { UNMASKINGS } from '../../server/decode/unmasking/index.ts';
import { expertMixture } from '../../server/train/rl/expert-mixture.ts';
import { testRandom } from '../support/tiny-model.ts';

const near = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** All subsets, or all ordered selections, of `count` places. */
function actions(count: number, ordered: boolean): number[][] {
  const grow = (action: number[]): number[][] => [
    action,
    ...Array.from({ length: count }, (_, place) => place)
      .filter((place) => !action.includes(place) && (ordered || place > (action.at(-1) ?? -1)))
      .flatMap((place) => grow([...action, place])),
  ];
  return grow([]);
}

const toys = Array.from({ length: 40 }, (_, seed) => {
  const random = testRandom(seed);
  return Array.from({ length: 1 + (seed % 4) }, () => 6 * random() - 3);
});

test('probabilities of all actions add up to 1', () => {
  for (const logits of toys) {
    for (const name of ['bernoulli', 'bernoulli-forced', 'dpls'] as const) {
      const all = actions(logits.length, name === 'dpls');
      near(
        all.reduce((sum, action) => sum + Math.exp(UNMASKINGS[name].logProb(logits, action)), 0),
        1,
      );
    }
  }
});

test('Bernoulli: the product of its draws; the forced action does not depend on its own logit', () => {
  const logits = [0.3, -0.2, 1.4];
  const [p, q, r] = logits.map(sigmoid);
  const of = (name: keyof typeof UNMASKINGS, action: number[]) =>
    Math.exp(UNMASKINGS[name].logProb(logits, action));
  near(of('bernoulli', []), (1 - p) * (1 - q) * (1 - r));
  near(of('bernoulli', [0, 2]), p * (1 - q) * r);
  assert.equal(of('bernoulli-forced', []), 0);
  near(of('bernoulli-forced', [2]), (1 - p) * (1 - q));
  near(of('bernoulli-forced', [0]), p * (1 - q) * (1 - r));
  // As released it leaves out the way by which nothing was drawn.
  near(of('bernoulli-released', [2]), (1 - p) * (1 - q) * r);
});

test('sure positions have finite probabilities', () => {
  const logits = [800, -800];
  for (const name of ['bernoulli', 'bernoulli-forced', 'bernoulli-released', 'dpls'] as const) {
    const { logProb } = UNMASKINGS[name];
    for (const action of [[0], [1], [0, 1]]) assert.ok(Number.isFinite(logProb(logits, action)), `${action}`);
  }
  near(UNMASKINGS.bernoulli.logProb(logits, [0]), 0);
});

test('what is expected: as many as the probabilities add up to, the largest ones, one at least', () => {
  const { sample, logProb } = UNMASKINGS['bernoulli-expected'];
  const random = new Random(1);
  // 0.88 + 0.73 + 0.5 = 2.11
  assert.deepEqual(sample([1, 0, 2], random), [2, 0]);
  assert.deepEqual(sample([-3, -2, -4], random), [1]);
  assert.deepEqual(sample([-1, -1], random), [0]);
  assert.deepEqual(sample([], random), []);
  assert.deepEqual([logProb([1, 0, 2], [0, 2]), logProb([1, 0, 2], [2])], [0, Number.NEGATIVE_INFINITY]);
});

test('dynamic Plackett–Luce: the vector of two positions', () => {
  const of = (action: number[]) => Math.exp(UNMASKINGS.dpls.logProb([0.3, -0.2], action));
  near(of([0]), 0.34225, 1e-5);
  near(of([0, 1]), 0.28021, 1e-5);
  near(of([1]), 0.16067, 1e-5);
  near(of([1, 0]), 0.21688, 1e-5);
});

for (const name of ['bernoulli', 'bernoulli-forced', 'dpls'] as const) {
  test(`actions are drawn as often as their probabilities say (χ²): ${name}`, () => {
    const logits = [0.4, -0.5, 0.9];
    const { sample, logProb } = UNMASKINGS[name];
    const random = new Random(5);
    const draws = 6000;
    const counts = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const action = sample(logits, random).join();
      counts.set(action, (counts.get(action) ?? 0) + 1);
    }
    const expected = actions(3, name === 'dpls')
      .map((action) => [action.join(), draws * Math.exp(logProb(logits, action))] as const)
      .filter(([, often]) => often > 0);
    const statistic = expected.reduce(
      (sum, [action, often]) => sum + ((counts.get(action) ?? 0) - often) ** 2 / often,
      0,
    );
    const freedom = expected.length - 1;
    assert.ok((statistic - freedom) / Math.sqrt(2 * freedom) < 4, `${statistic} for ${freedom}`);
  });
}

test('an expert in the group: weights, the ratio of the same policy, the damped slope', () => {
  near(expertMixture(0, 8, 1), 0);
  near(Math.exp(expertMixture(Math.log(0.25), 8, 2)), 0.8 * 0.25 + 0.1);
  // An action that the policy never takes has the expert's part.
  near(Math.exp(expertMixture(Number.NEGATIVE_INFINITY, 8, 1)), 1 / 9);
  const at = Math.log(0.25);
  near(expertMixture(at, 8, 1) - expertMixture(at, 8, 1), 0);
  const slope = (expertMixture(at + 1e-6, 8, 1) - expertMixture(at - 1e-6, 8, 1)) / 2e-6;
  near(slope, ((8 / 9) * 0.25) / ((8 / 9) * 0.25 + 1 / 9), 1e-6);
});

/** Slopes of a function of logits, by central differences. */
const slopes = (of: (logits: readonly number[]) => number, logits: readonly number[]) =>
  logits.map((logit, i) => (of(logits.with(i, logit + 1e-5)) - of(logits.with(i, logit - 1e-5))) / 2e-5);

test('the expected slope of log p is zero, and weighted by rewards that of the expected reward', () => {
  const logits = [0.4, -0.9, 1.3];
  const reward = (action: readonly number[]) =>
    Math.sin(1 + action.reduce((sum, place) => 3 * sum + place + 1, 0));
  for (const name of ['bernoulli', 'bernoulli-forced', 'dpls'] as const) {
    const { logProb } = UNMASKINGS[name];
    const all = actions(3, name === 'dpls').filter(
      (action) => logProb(logits, action) > Number.NEGATIVE_INFINITY,
    );
    const expected = (weight: (action: readonly number[]) => number) =>
      all.map((action) => {
        const probability = Math.exp(logProb(logits, action));
        return slopes((at) => logProb(at, action), logits).map(
          (slope) => probability * weight(action) * slope,
        );
      });
    const sum = (terms: number[][], i: number) => terms.reduce((total, term) => total + term[i], 0);
    const ofReward = slopes(
      (at) => all.reduce((total, action) => total + Math.exp(logProb(at, action)) * reward(action), 0),
      logits,
    );
    for (const [i, slope] of ofReward.entries()) {
      near(
        sum(
          expected(() => 1),
          i,
        ),
        0,
        1e-8,
      );
      near(sum(expected(reward), i), slope, 1e-8);
    }
  }
});

test('as released, a forced reveal pushes logits up that had no part in it', () => {
  const logits = [-2, -1.5];
  // Drawn with the chances of bernoulli-forced, scored as if nothing had been forced.
  const drawn = (action: readonly number[]) =>
    Math.exp(UNMASKINGS['bernoulli-forced'].logProb(logits, action));
  const bias = slopes(
    (at) =>
      actions(2, false)
        .slice(1)
        .reduce(
          (sum, action) => sum + drawn(action) * UNMASKINGS['bernoulli-released'].logProb(at, action),
          0,
        ),
    logits,
  );
  near(bias[1], (1 - sigmoid(-2)) * (1 - sigmoid(-1.5)), 1e-6);
});
