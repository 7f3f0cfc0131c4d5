import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aup } from '../../server/eval/aup.ts';
import { describeFrontier } from '../../server/eval/frontier/describe.ts';
import { makeFrontier } from '../../server/eval/frontier/frontier.ts';
import { markerOf } from '../../server/eval/frontier/markers.ts';
import { frontierSvg } from '../../server/eval/frontier/svg.ts';
import { sweepsFor } from '../../server/eval/frontier/sweeps.ts';
import { ticks } from '../../server/eval/frontier/ticks.ts';
import type { EvalAnswer, FrontierPoint } from '../../server/protocol.ts';
import { testRandom, tinySpec } from '../support/tiny-model.ts';
import { evalAnswer } from './support/eval-answer.ts';

const ABOUT = { suite: '<suite> & "more"', model: 'tiny', weights: 'w', device: 'cpu' };

/** Ten tasks of which the first `passed` pass, each of 12 tokens by `denoise` forwards and a commit. */
function answers(passed: number, denoise: number): EvalAnswer[] {
  return Array.from({ length: 10 }, (_, i) =>
    evalAnswer(`${i}`, 0.3, {
      verdict: i < passed ? 'passed' : 'failed',
      tokens: 12,
      forwards: { prefill: 1, denoise, total: denoise + 1 },
    }),
  );
}

const SWEPT = [
  { name: 'ar', points: [{ label: '', answers: answers(8, 12) }] },
  {
    name: 'threshold',
    points: [
      { label: 'threshold 0.5', answers: answers(7, 3) },
      { label: 'threshold 0.9', answers: answers(9, 6) },
    ],
  },
];

test('all curves share y_max, the best of any, and each has its AUP by either TPF', () => {
  const { bestAccuracy, accuracy, tasks, samples, curves } = makeFrontier(ABOUT, SWEPT, undefined, true);
  assert.deepEqual([bestAccuracy, accuracy, tasks, samples], [90, 'passAt1', 10, 1]);
  const area = (...points: [tpf: number, accuracy: number][]) =>
    aup(
      points.map(([tpf, each]) => ({ tpf, accuracy: each })),
      90,
    );
  assert.deepEqual(
    curves.map(({ aup: { denoise, total } }) => [denoise.value, total.value]),
    [
      [area([1, 80]), area([12 / 13, 80])],
      [area([2, 90], [4, 70]), area([12 / 7, 90], [3, 70])],
    ],
  );
  assert.equal(makeFrontier(ABOUT, SWEPT, 95, true).curves[0].aup.denoise.value, 80);
  // Every task has the same TPF, so only accuracy can vary.
  const [, fast] = curves[1].points.toReversed();
  assert.deepEqual(fast.tpf.denoise, { value: 4, interval: [4, 4] });
  assert.equal(fast.tokensPerSecond?.value, 120);
  const [low, high] = fast.accuracy.interval;
  assert.ok(low >= 30 && low < 70 && high > 70 && high <= 100);
});

test('without times there are no tokens per second, in the document, the words and the picture', () => {
  const frontier = makeFrontier(ABOUT, SWEPT, undefined, false);
  assert.ok(frontier.curves.every(({ points }) => points.every((point) => point.tokensPerSecond === null)));
  assert.doesNotMatch(describeFrontier(frontier), /tokens\/s/);
  assert.doesNotMatch(frontierSvg(frontier), /second/);
  assert.match(
    describeFrontier(makeFrontier(ABOUT, SWEPT, undefined, true)),
    /threshold 0\.5 · 70\.0 .* tokens\/s/,
  );
});

/** Numbers that attributes of every element of a class have, and its text. */
function elements(svg: string, name: string, ...attributes: string[]) {
  const all = [...svg.matchAll(new RegExp(`<\\w+ class="${name}"([^>]*)>([^<]*)`, 'g'))];
  return all.map(([, given, text]) => ({
    text,
    at: attributes.map((key) => Number(given.match(new RegExp(` ${key}="([-\\d.]+)"`))?.[1])),
  }));
}

test('the picture: read by the ticks of its axes, every marker and every bar stands where the document says', () => {
  const frontier = makeFrontier(ABOUT, SWEPT, undefined, true);
  const svg = frontierSvg(frontier);
  const perPanel = <T>(list: T[]) =>
    [0, 1, 2].map((i) => list.slice((i * list.length) / 3, ((i + 1) * list.length) / 3));
  /** Value of a place, by the first tick and the last. */
  const reader = (marks: { text: string; at: number[] }[]) => {
    const [first, last] = [marks[0], marks[marks.length - 1]];
    const perUnit = (Number(last.text) - Number(first.text)) / (last.at[0] - first.at[0]);
    return (place: number) => Number(first.text) + (place - first.at[0]) * perUnit;
  };
  const markers = [...svg.matchAll(/class="marker"[^>]*translate\(([\d.]+) ([\d.]+)\)/g)].map(([, x, y]) => [
    +x,
    +y,
  ]);
  const bars = elements(svg, 'interval', 'x1', 'x2', 'y1', 'y2');
  // Ticks of x may differ in number from panel to panel, but their order tells where a panel begins.
  const xTicks: { text: string; at: number[] }[][] = [];
  for (const tick of elements(svg, 'x-tick', 'x')) {
    const panel = Math.floor(tick.at[0] / 368);
    xTicks[panel] ??= [];
    xTicks[panel].push(tick);
  }
  const speeds = [
    ({ tpf }: FrontierPoint) => tpf.denoise,
    ({ tpf }: FrontierPoint) => tpf.total,
    ({ tokensPerSecond }: FrontierPoint) => tokensPerSecond!,
  ];
  const near = (actual: number, expected: number, scale: number) =>
    assert.ok(Math.abs(actual - expected) <= 0.001 * scale, `${actual} is not ${expected}`);
  for (const [panel, speedOf] of speeds.entries()) {
    const x = reader(xTicks[panel]);
    // Their baseline is four units below the line.
    const y = reader(
      perPanel(elements(svg, 'y-tick', 'y'))[panel].map(({ text, at }) => ({ text, at: [at[0] - 4] })),
    );
    const points = frontier.curves.flatMap((curve) =>
      curve.points.toSorted((a, b) => speedOf(a).value - speedOf(b).value),
    );
    assert.equal(perPanel(markers)[panel].length, 3);
    for (const [i, point] of points.entries()) {
      const speed = speedOf(point);
      const [markX, markY] = perPanel(markers)[panel][i];
      near(x(markX), speed.value, speed.value);
      near(y(markY), point.accuracy.value, 100);
      const [across, along] = perPanel(bars)[panel].slice(2 * i, 2 * i + 2);
      near(x(across.at[0]), speed.interval[0], speed.value);
      near(x(across.at[1]), speed.interval[1], speed.value);
      near(y(along.at[2]), point.accuracy.interval[0], 100);
      near(y(along.at[3]), point.accuracy.interval[1], 100);
    }
  }
});

test('the picture is well-formed whatever the suite is called, and curves differ by colour and by shape', () => {
  const svg = frontierSvg(makeFrontier(ABOUT, SWEPT, undefined, true));
  assert.match(svg, /&lt;suite&gt; &amp; &quot;more&quot;, tiny/);
  const open: string[] = [];
  for (const [, end, name, empty] of svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
    if (end) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  const kinds = sweepsFor(tinySpec()).length;
  const markers = Array.from({ length: 40 }, (_, curve) => markerOf(curve));
  for (const key of ['colour', 'path'] as const) {
    assert.equal(new Set(markers.slice(0, kinds).map((marker) => marker[key])).size, kinds);
  }
  assert.equal(new Set(markers.map(({ colour, path }) => colour + path)).size, 40);
});

test('ticks are few round numbers, evenly apart, around the range and no wider than they need be', () => {
  const random = testRandom(3);
  for (let i = 0; i < 300; i++) {
    const low = (random() - 0.5) * 10 ** (6 * random() - 2);
    const high = low + random() * 10 ** (6 * random() - 2);
    const marks = ticks(low, high, 7);
    const step = marks[1] - marks[0];
    assert.ok(marks.length >= 2 && marks.length <= 7);
    assert.ok(marks[0] <= low && marks[marks.length - 1] >= high, `${low} ${high}: ${marks}`);
    assert.ok(low - marks[0] <= step * 1.0001 && marks[marks.length - 1] - high <= step * 1.0001);
    assert.match(step.toExponential(6), /^[125]\.0+e/);
    for (const [at, mark] of marks.entries()) assert.ok(Math.abs(mark - marks[0] - at * step) < 1e-6 * step);
  }
  assert.deepEqual(ticks(0, 0.3, 7), [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
  assert.deepEqual(
    ticks(1, 1, 7).filter((mark) => mark === 1),
    [1],
  );
});

test('a model is swept only in the ways that it can decode, each point with settings of its own', () => {
  const names = (overrides: Parameters<typeof tinySpec>[0]) =>
    sweepsFor(tinySpec(overrides)).map(({ name }) => name);
  const threshold = ['threshold', 'factor', 'entropy', 'static', 'sequential'];
  assert.deepEqual(names({}), ['ar', 'verified', ...threshold]);
  assert.deepEqual(names({ cleanAttention: 'block' }), threshold);
  assert.deepEqual(names({ maskTokenId: undefined }), ['ar', 'verified']);
  const files = ['a/slow.safetensors', 'fast.safetensors'];
  const learned = (overrides: Parameters<typeof tinySpec>[0]) =>
    sweepsFor(tinySpec(overrides), files).filter(({ base }) => base.policy === 'learned');
  assert.deepEqual(
    learned({}).map(({ name, base }) => [name, base.policyFile]),
    files.flatMap((file, i) => ['', ' verified'].map((mode) => [['slow', 'fast'][i] + mode, file])),
  );
  assert.deepEqual(
    learned({ cleanAttention: 'full' }).map(({ name }) => name),
    ['slow', 'fast'],
  );
  for (const blockSize of [1, 2, 4, 6, 32]) {
    for (const { points } of sweepsFor(tinySpec({ blockSize }))) {
      assert.equal(new Set(points.map((point) => JSON.stringify(point))).size, points.length);
    }
  }
});
