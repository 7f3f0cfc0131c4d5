import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aup } from '../../server/eval/aup.ts';
import { bootstrap } from '../../server/eval/bootstrap.ts';
import { editDistance, editSimilarity } from '../../server/eval/edit-similarity.ts';
import { exactMatch } from '../../server/eval/exact-match.ts';
import { passAtK } from '../../server/eval/pass-at-k.ts';
import { meanOfRatios, ratioOfSums } from '../../server/eval/tpf.ts';
import { testRandom } from '../support/tiny-model.ts';

const near = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

test('exact match: space at the end does not count, space at the beginning does', () => {
  assert.ok(exactMatch('return x\n', 'return x  '));
  assert.ok(!exactMatch(' return x', 'return x'));
});

test('edit distance is that of the recursive definition', () => {
  const naive = (a: string, b: string): number => {
    if (a === '' || b === '') return a.length + b.length;
    const [restA, restB] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return naive(restA, restB);
    return 1 + Math.min(naive(restA, restB), naive(restA, b), naive(a, restB));
  };
  const random = testRandom(5);
  for (let i = 0; i < 60; i++) {
    const word = () =>
      Array.from({ length: Math.floor(random() * 6) }, () => 'abc'[Math.floor(random() * 3)]).join('');
    const [a, b] = [word(), word()];
    assert.equal(editDistance(a, b), naive(a, b), `${a} ${b}`);
  }
  near(editSimilarity('kitten', 'sitting'), 1 - 3 / 7);
  assert.equal(editSimilarity('', '\n'), 1);
});

test('pass@k is the share of the subsets of k samples that hold one that passed', () => {
  const n = 7;
  for (let c = 0; c <= n; c++) {
    for (let k = 1; k <= n; k++) {
      let [subsets, good] = [0, 0];
      for (let bits = 0; bits < 2 ** n; bits++) {
        const members = Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1);
        if (members.length !== k) continue;
        subsets++;
        if (members.some((i) => i < c)) good++;
      }
      near(passAtK(n, c, k), good / subsets);
    }
  }
});

test('T36: TPF by ratio of sums and by mean of ratios, with and without commit forwards', () => {
  const responses = [
    { tokens: 8, forwards: { prefill: 1, denoise: 2, total: 4 } },
    { tokens: 3, forwards: { prefill: 9, denoise: 3, total: 3 } },
  ];
  assert.deepEqual(ratioOfSums(responses), { denoise: 11 / 5, total: 11 / 7 });
  assert.deepEqual(meanOfRatios(responses), { denoise: (4 + 1) / 2, total: (2 + 1) / 2 });
  // The same responses without their end tokens.
  const texts = responses.map(({ tokens, forwards }) => ({ tokens: tokens - 1, forwards }));
  assert.deepEqual(ratioOfSums(texts), { denoise: 9 / 5, total: 9 / 7 });
});

test('T35: AUP gives the published values', () => {
  const vectors: [number, [number, number], [number, number]][] = [
    [637.65, [1, 74.02], [9.11, 73.09]],
    [205.78, [1, 74.79], [2.77, 74.68]],
    [358.14, [1, 74.0], [5.14, 72.63]],
    [213.76, [1, 74.98], [2.88, 74.39]],
  ];
  for (const [expected, ...points] of vectors) {
    const operating = points.map(([tpf, accuracy]) => ({ tpf, accuracy }));
    near(aup(operating, 74.98), expected, 0.005);
    near(aup(operating.reverse(), 74.98), expected, 0.005);
  }
});

test('AUP grows with TPF and accuracy, falls with y_max, and leaves out what lost more than five percent', () => {
  const area = (tpf: number, accuracy: number, best = 80) =>
    aup(
      [
        { tpf: 1, accuracy: 75 },
        { tpf, accuracy },
      ],
      best,
    );
  assert.ok(area(3, 74) > area(2, 74));
  assert.ok(area(3, 75) > area(3, 74));
  assert.ok(area(3, 74, 90) < area(3, 74));
  assert.equal(area(3, 69.9), 75);
  assert.ok(area(3, 70) > 75);
  assert.equal(aup([{ tpf: 1, accuracy: 0 }], 0), 0);
});

test('bootstrap: the interval of a mean is that of the normal approximation, the same each time', () => {
  const random = testRandom(9);
  const values = Array.from({ length: 400 }, () => random());
  const mean = (drawn: readonly number[]) => drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
  const centre = mean(values);
  const deviation = Math.sqrt(mean(values.map((x) => (x - centre) ** 2)) / values.length);
  const [low, high] = bootstrap(values, mean);
  near(low, centre - 1.96 * deviation, 0.2 * deviation);
  near(high, centre + 1.96 * deviation, 0.2 * deviation);
  assert.deepEqual(bootstrap(values, mean), [low, high]);
  assert.deepEqual(bootstrap([1], mean), [1, 1]);
});
