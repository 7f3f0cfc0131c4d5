import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyThreshold, mostShown, precisionCurve, wilsonInterval } from '../../bench/infill/curve.ts';
import { firstLineProbabilities, MEASURES } from '../../bench/infill/measures.ts';
import { seededRandom } from '../../bench/infill/random.ts';
import type { Trajectory } from '../../server/protocol.ts';

test('every point of a curve is what its threshold shows', () => {
  const random = seededRandom(1);
  const answers = Array.from({ length: 200 }, () => {
    const score = Math.floor(random() * 50) / 50;
    return { score, right: random() < score };
  });
  const curve = precisionCurve(answers);
  assert.equal(curve.length, new Set(answers.map(({ score }) => score)).size);
  for (const point of curve) assert.deepEqual(point, applyThreshold(answers, point.threshold));
  const best = mostShown(curve, 0.8)!;
  assert.ok(best.precision >= 0.8);
  assert.ok(curve.every(({ shown, precision }) => shown <= best.shown || precision < 0.8));
  assert.equal(mostShown(curve, 1.1), undefined);
});

test('Wilson intervals agree with published values', () => {
  // Agresti and Coull 1998: 0 of 10 and 5 of 10.
  const rounded = (interval: [number, number]) => interval.map((value) => Math.round(value * 1000) / 1000);
  assert.deepEqual(rounded(wilsonInterval(0, 10)), [0, 0.278]);
  assert.deepEqual(rounded(wilsonInterval(5, 10)), [0.237, 0.763]);
  assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
});

test('the probabilities of a first line: roll-backs forgotten, its end included, later lines left out', () => {
  const reveal = (position: number, confidence: number) => ({ position, confidence });
  const trajectory = {
    text: '\n  ab = c\nd',
    responseTexts: ['\n', '  ab', ' =', ' c', '\n', 'd'],
    steps: [
      { revealed: [reveal(0, 0.1), reveal(1, 0.9), reveal(2, 0.3)], confirmed: [], rolledBack: [] },
      { revealed: [reveal(2, 0.4), reveal(3, 0.5)], confirmed: [reveal(1, 0.2)], rolledBack: [2] },
      { revealed: [reveal(4, 0.6), reveal(5, 0.7)], confirmed: [], rolledBack: [] },
    ],
  } as unknown as Trajectory;
  assert.deepEqual(firstLineProbabilities(trajectory), [0.2, 0.4, 0.5, 0.6]);
});

test('measures of a line', () => {
  assert.equal(MEASURES.mean([0.5, 1]), 0.75);
  assert.equal(MEASURES.min([0.5, 1]), 0.5);
  assert.equal(MEASURES.product([0.5, 0.5]), 0.25);
  assert.ok(Math.abs(MEASURES['geometric mean']([0.25, 1]) - 0.5) < 1e-12);
});
