import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accuracyUnderParallelism, lastPoints } from '../../webview/run/frontier.ts';
import { lineDiff } from '../../webview/run/line-diff.ts';
import { updated } from '../../webview/run/run-data.ts';
import { alignSeries, plotsOf, seriesOf } from '../../webview/run/series.ts';

describe('series', () => {
  test('every finite number is one, those of inner objects too', () => {
    const series = seriesOf([
      { step: 2, loss: 1, reward: { mean: 0.5 }, text: 'x', points: [1] },
      { step: 4, loss: null, reward: { mean: 0.7 } },
      { loss: 3 },
    ]);
    assert.deepEqual(Object.fromEntries(series), {
      loss: { steps: [2, 2], values: [1, 3] },
      'reward.mean': { steps: [2, 4], values: [0.5, 0.7] },
    });
  });

  test('figures that belong together share a plot, others have their own', () => {
    const names = [
      'loss',
      'tpf.total',
      'reward.mean',
      'rows',
      'reward.std',
      'evaluation.tpf',
      'evaluation.passAt1',
    ];
    assert.deepEqual(plotsOf(names), [
      { title: 'Reward', names: ['reward.mean', 'reward.std'] },
      { title: 'Held-out tasks', names: ['evaluation.passAt1'] },
      { title: 'Loss', names: ['loss'] },
      { title: 'Tokens per forward', names: ['tpf.total', 'evaluation.tpf'] },
      { title: 'rows', names: ['rows'] },
    ]);
  });

  test('runs of different steps share an axis', () => {
    assert.deepEqual(
      alignSeries([
        { steps: [1, 3], values: [10, 30] },
        { steps: [2, 3], values: [5, 6] },
      ]),
      {
        steps: [1, 2, 3],
        columns: [
          [10, null, 30],
          [null, 5, 6],
        ],
      },
    );
  });
});

describe('accuracy under parallelism', () => {
  const aup = (...points: [tpf: number, accuracy: number][]) =>
    Number(
      accuracyUnderParallelism(
        points.map(([tpf, accuracy]) => ({ tpf, accuracy })),
        74.98,
      ).toFixed(2),
    );

  test('is nothing where nothing is right', () => {
    assert.equal(
      accuracyUnderParallelism(
        [1, 2].map((tpf) => ({ tpf, accuracy: 0 })),
        0,
      ),
      0,
    );
  });

  test('the published figures', () => {
    assert.equal(aup([1, 74.02], [9.11, 73.09]), 637.65);
    assert.equal(aup([1, 74.79], [2.77, 74.68]), 205.78);
    assert.equal(aup([1, 74.0], [5.14, 72.63]), 358.14);
    assert.equal(aup([1, 74.98], [2.88, 74.39]), 213.76);
  });

  test('a point that has lost more than five per cent does not count', () => {
    assert.equal(aup([1, 74], [2, 73], [9, 68.9]), aup([1, 74], [2, 73]));
    assert.equal(aup(), 0);
  });

  test('the points of the last evaluation, sorted', () => {
    const rows = [
      { evaluation: { points: [{ tpf: 9, passAt1: 1 }] } },
      {
        evaluation: {
          points: [{ tpf: 3, passAt1: 0.25 }, { tpf: { denoise: 2 }, passAt1: 0.5 }, { tpf: 'x' }, null],
        },
      },
      { loss: 1 },
    ];
    assert.deepEqual(lastPoints(rows), [
      { tpf: 2, accuracy: 50 },
      { tpf: 3, accuracy: 25 },
    ]);
  });
});

describe('the difference of two texts', () => {
  /** Either text, from the lines that belong to it. */
  const side = (lines: ReturnType<typeof lineDiff>, without: string) =>
    lines
      .filter(({ sign }) => sign !== without)
      .map(({ text }) => text)
      .join('\n');

  for (const [first, second, changed] of [
    ['a\nb\nc', 'a\nx\nc', 2],
    ['', 'a', 2],
    ['same', 'same', 0],
    ['a\nb\nc\nd', 'b\nd', 2],
    ['x\ny', 'y\nx', 2],
  ] as const) {
    test(`${JSON.stringify(first)} to ${JSON.stringify(second)}`, () => {
      const lines = lineDiff(first, second);
      assert.equal(side(lines, '+'), first);
      assert.equal(side(lines, '-'), second);
      assert.equal(lines.filter(({ sign }) => sign !== ' ').length, changed);
    });
  }
});

test('updates of a run are added up, and start over when its files did', () => {
  const update = { run: '/runs/a/', restart: false, state: null, metrics: [{ step: 1 }], samples: [] };
  let runs = updated([], update);
  runs = updated(runs, { ...update, metrics: [{ step: 2 }], state: { status: 'done' } });
  assert.deepEqual(runs, [
    {
      run: '/runs/a/',
      name: 'a',
      state: { status: 'done' },
      metrics: [{ step: 1 }, { step: 2 }],
      samples: [],
    },
  ]);
  assert.deepEqual(updated(runs, { ...update, restart: true })[0].metrics, [{ step: 1 }]);
  assert.equal(updated(runs, { ...update, run: '/runs/b' }).length, 2);
});
