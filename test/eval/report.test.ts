import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aup } from '../../server/eval/aup.ts';
import { compare } from '../../server/eval/compare.ts';
import { makeReport } from '../../server/eval/report.ts';
import { evalAnswer as answer } from './support/eval-answer.ts';

test('a report counts every task once, whatever its samples, and its points make the AUP', () => {
  const passed = { verdict: 'passed' };
  const first = [
    answer('a', 0.9, passed),
    answer('a', 0.9, passed),
    answer('b', 0.9),
    answer('b', 0.9, passed),
  ];
  const second = [
    answer('a', 0.3, passed),
    answer('a', 0.3),
    answer('b', 0.3, passed),
    answer('b', 0.3, passed),
  ];
  for (const one of second) one.forwards = { prefill: 1, denoise: 2, total: 3 };
  const report = makeReport([first, second], undefined);
  assert.equal(report.tasks, 2);
  assert.equal(report.samples, 2);
  assert.equal(report.passAt1, 0.75);
  assert.deepEqual(report.tpf, { denoise: 2, total: 2 });
  assert.equal(report.accuracy, 'passAt1');
  assert.deepEqual(
    report.points.map(({ threshold, passAt1, tpf, tokensPerSecond }) => [
      threshold,
      passAt1,
      tpf,
      tokensPerSecond,
    ]),
    [
      [0.9, 0.75, { denoise: 2, total: 2 }, 60],
      [0.3, 0.75, { denoise: 3, total: 2 }, 60],
    ],
  );
  const operating = [
    { tpf: 2, accuracy: 75 },
    { tpf: 3, accuracy: 75 },
  ];
  assert.equal(report.aup, aup(operating, 75));
  assert.equal(makeReport([first, second], 90).aup, aup(operating, 90));
  assert.deepEqual(report.points[0].intervals.passAt1, [0.5, 1]);
  assert.deepEqual(
    report.perTask.map(({ task_id, threshold, passed: count }) => [task_id, threshold, count]),
    [
      ['a', 0.9, 2],
      ['b', 0.9, 1],
      ['a', 0.3, 1],
      ['b', 0.3, 2],
    ],
  );
});

test('tasks without tests have no share in pass@1; where there are some, accuracy is exact match', () => {
  const hole = { exactMatch: true, editSimilarity: 1, verdict: null };
  const report = makeReport(
    [[answer('a', 1, hole), answer('b', 1, { exactMatch: false, editSimilarity: 0.5 })]],
    undefined,
  );
  assert.equal(report.passAt1, 0);
  assert.equal(report.points[0].exactMatch, 0.5);
  assert.equal(report.points[0].editSimilarity, 0.75);
  assert.equal(report.accuracy, 'exactMatch');
  assert.equal(report.perTask[0].passed, null);
  const none = makeReport([[answer('a', 1, hole)]], undefined);
  assert.ok(Number.isNaN(none.passAt1));
  assert.equal(none.accuracy, 'exactMatch');
});

test('a comparison pairs the tasks: a gain on every task is sure although the tasks differ more', () => {
  const tokens = Array.from({ length: 40 }, (_, i) => 4 + 10 * (i % 7));
  const answers = (gain: number) =>
    tokens.map((count, i) =>
      answer(`${i}`, 0.3, { tokens: count + gain, forwards: { prefill: 0, denoise: 4, total: 4 } }),
    );
  const first = [...answers(0), answer('only here', 0.3, { tokens: 999 })];
  const differences = new Map(compare(first, answers(2).reverse()).map((one) => [one.measure, one]));
  assert.deepEqual([...differences.keys()].sort(), ['passAt1', 'tokensPerSecond', 'tpfDenoise', 'tpfTotal']);
  const { difference, interval, first: before } = differences.get('tpfTotal')!;
  assert.ok(Math.abs(before - tokens.reduce((a, b) => a + b) / 160) < 1e-12);
  for (const value of [difference, ...interval]) assert.ok(Math.abs(value - 0.5) < 1e-9);
  assert.equal(differences.get('passAt1')!.difference, 0);
});
