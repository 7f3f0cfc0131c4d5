import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from '../../kernels/autodiff.ts';
import { type Feed, Graph } from '../../kernels/graph.ts';
import { evaluate } from '../../kernels/naive-graph.ts';
import { naivePlanner } from '../../kernels/naive-planner.ts';
import type { NaiveTensor } from '../../kernels/naive-tensor.ts';
import {
  buildPlanner,
  PLANNER,
  plannerFeeds,
  plannerParameters,
  timeFeatures,
} from '../../kernels/planner.ts';
import { inverseFrequencies, rotations } from '../../kernels/rope.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { decisionLogProbs } from '../../kernels/training/decisions.ts';
import { UNMASKINGS } from '../../server/decode/unmasking/index.ts';
import { loadOrt, openSession, tensors } from '../../server/engine/ort.ts';
import { testRandom, tinySpec } from '../support/tiny-model.ts';

const SHAPES: Record<string, DenoiserShape> = {
  'query heads that share keys': tinySpec(),
  'biases and normed heads': tinySpec({ kvHeads: 2, qkvBias: true, outputBias: true, qkNorm: true }),
};

/** Three steps: positions with a gap, one row alone, nothing eligible. */
const STEPS = [
  { positions: [3, 4, 6, 7], eligible: [true, false, true, true], time: 0.25 },
  { positions: [9], eligible: [true], time: 0.875 },
  { positions: [5, 6], eligible: [false, false], time: 1 },
];

/** Random tensors of the head and hidden states of all rows, in double precision. */
function lab(shape: DenoiserShape) {
  const random = testRandom(3);
  const draw = (length: number) => Float64Array.from({ length }, () => Math.fround(random() - 0.5));
  const weights = new Map(
    plannerParameters(shape).map(({ name, dims }) => [name, draw(dims.reduce((a, b) => a * b))]),
  );
  const positions = STEPS.flatMap((step) => step.positions);
  const hidden = draw(positions.length * shape.hiddenSize);
  const pairs = shape.headDim / 2;
  const [cos, sin] = [0, 1].map(() => new Float32Array(positions.length * pairs));
  rotations(inverseFrequencies(shape.rope, shape.headDim), positions, cos, sin);
  const rotation = [positions.length, pairs];
  const feeds: Record<string, Feed> = {
    ...plannerFeeds(shape, STEPS),
    [PLANNER.hidden]: { f32: hidden, dims: [positions.length, shape.hiddenSize] },
    [PLANNER.cos]: { f32: cos, dims: rotation },
    [PLANNER.sin]: { f32: sin, dims: rotation },
  };
  for (const { name, dims } of plannerParameters(shape)) feeds[name] = { f32: weights.get(name)!, dims };
  return { weights, hidden, feeds };
}

const tensorsOf = (feeds: Record<string, Feed>) =>
  new Map<string, NaiveTensor>(
    Object.entries(feeds).map(([name, feed]) => {
      const data = Float64Array.from('f32' in feed ? feed.f32 : feed.i64);
      return [name, { data, dims: feed.dims ?? [data.length] }];
    }),
  );

/** Of every step by itself. */
const naive = (shape: DenoiserShape, weights: ReadonlyMap<string, Float64Array>, hidden: Float64Array) => {
  let row = 0;
  return STEPS.flatMap(({ positions, ...step }) => {
    const [from, to] = [row, row + positions.length].map((at) => at * shape.hiddenSize);
    row += positions.length;
    return [...naivePlanner(shape, (name) => weights.get(name)!, hidden.slice(from, to), positions, step)];
  });
};

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  assert.equal(actual.length, expected.length);
  Array.from(actual).forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) < tolerance, `[${i}]: ${value} is not ${expected[i]}`);
  });
};

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`the planner's graph gives the numbers of its definition, steps apart from each other: ${name}`, async () => {
    const { weights, hidden, feeds } = lab(shape);
    const expected = naive(shape, weights, hidden);
    const graph = buildPlanner(shape);
    // Rotations are single precision.
    close(evaluate(graph, tensorsOf(feeds)).get(PLANNER.logits)!.data, expected, 1e-6);
    const ort = await loadOrt();
    const { f32, i64 } = tensors(ort);
    const session = await openSession(ort, graph, '.', 1);
    const fed = Object.entries(feeds).map(([input, feed]) => {
      if ('i64' in feed) return [input, i64(feed.i64, feed.dims ?? [feed.i64.length])];
      return [input, f32(Float32Array.from(feed.f32), feed.dims!)];
    });
    const out = await session.run(Object.fromEntries(fed));
    close(out[PLANNER.logits].data as Float32Array, expected, 1e-5);
    await session.release();
  });

  test(`gradients of the planner are central differences of its definition: ${name}`, () => {
    const { weights, hidden, feeds } = lab(shape);
    const graph = buildPlanner(shape);
    const factors = Array.from({ length: 7 }, (_, i) => Math.sin(i + 1));
    const products = graph.op('Mul', [PLANNER.logits, graph.input('factors', 'f32', ['planned'])]);
    const loss = graph.op('ReduceSum', [products, graph.i64([0])], { keepdims: 0 });
    const parameters = [...weights.keys(), PLANNER.hidden];
    const gradients = differentiate(graph, loss, parameters);
    const values = evaluate(graph, tensorsOf({ ...feeds, factors: { f32: factors } }));
    const lossAt = (moved: ReadonlyMap<string, Float64Array>, states: Float64Array) =>
      naive(shape, moved, states).reduce((sum, logit, i) => sum + factors[i] * logit, 0);
    for (const parameter of parameters) {
      const gradient = values.get(gradients.get(parameter)!)!.data;
      const value = weights.get(parameter) ?? hidden;
      for (let i = 0; i < value.length; i += Math.ceil(value.length / 7)) {
        const [up, down] = [1e-4, -1e-4].map((change) => {
          const moved = value.with(i, value[i] + change);
          return value === hidden
            ? lossAt(weights, moved)
            : lossAt(new Map(weights).set(parameter, moved), hidden);
        });
        const slope = (up - down) / 2e-4;
        assert.ok(Math.abs(gradient[i] - slope) < 1e-5, `${parameter}[${i}]: ${gradient[i]} is not ${slope}`);
      }
    }
  });
}

test('a time is the cosines and sines of its angles', () => {
  const features = timeFeatures(0.5);
  assert.equal(features.length, 256);
  assert.deepEqual([features[0], features[128]], [Math.cos(0.5), Math.sin(0.5)]);
  close([features[64], features[192]], [Math.cos(0.5 / 100), Math.sin(0.5 / 100)], 1e-12);
});

/** Numbers of two steps with two and three rivals, of these the best two equal, and of a row that takes part in nothing. */
const LOGITS = [0.4, -1.2, 7, 0.9, 0.3, 0.9];
const RIVALS = [
  [0, 1],
  [3, 4, 5],
];

/** What decisions of one step are fed as, `action` listing places among its rivals. */
function decisionFeeds(rivals: readonly number[], action: readonly number[]): Record<string, Feed> {
  const most = 4;
  const padded = [...rivals, ...Array<number>(most - rivals.length).fill(rivals[rivals.length - 1])];
  const sole = rivals.map((_, place) => Number(action.length === 1 && action[0] === place));
  return {
    logits: { f32: LOGITS },
    row: { i64: rivals },
    sign: { f32: rivals.map((_, place) => (action.includes(place) ? 1 : -1)) },
    sole: { f32: sole },
    rivals: { i64: rivals.flatMap(() => padded), dims: [rivals.length, most] },
    own: { i64: [...rivals.keys()], dims: [rivals.length, 1] },
  };
}

function decisionGraph(forced: boolean): Graph {
  const graph = new Graph();
  const logits = graph.input('logits', 'f32', ['planned']);
  const inputs = {
    row: graph.input('row', 'i64', ['selected']),
    sign: graph.input('sign', 'f32', ['selected']),
    ...(forced && {
      forced: {
        sole: graph.input('sole', 'f32', ['selected']),
        rivals: graph.input('rivals', 'i64', ['selected', 4]),
        own: graph.input('own', 'i64', ['selected', 1]),
      },
    }),
  };
  const sum = graph.op('ReduceSum', [decisionLogProbs(graph, logits, inputs), graph.i64([0])], {
    keepdims: 0,
  });
  graph.output('sum', sum, 'f32', []);
  return graph;
}

const UNMASKING = { plain: UNMASKINGS.bernoulli, forced: UNMASKINGS['bernoulli-forced'] };
for (const [kind, unmasking] of Object.entries(UNMASKING)) {
  test(`decisions add up to the probability of every action, and slope as it does: ${kind}`, () => {
    const graph = decisionGraph(kind === 'forced');
    const slope = differentiate(graph, 'sum', ['logits']).get('logits')!;
    for (const rivals of RIVALS) {
      let total = 0;
      for (let bits = kind === 'forced' ? 1 : 0; bits < 2 ** rivals.length; bits++) {
        const action = [...rivals.keys()].filter((place) => bits & (1 << place));
        const values = evaluate(graph, tensorsOf(decisionFeeds(rivals, action)));
        const logProb = (logits: readonly number[]) =>
          unmasking.logProb(
            rivals.map((row) => logits[row]),
            action,
          );
        const [sum] = values.get('sum')!.data;
        close([sum], [logProb(LOGITS)], 1e-6);
        total += Math.exp(sum);
        for (const row of [0, 1, 2, 4]) {
          const [up, down] = [1e-5, -1e-5].map((change) => logProb(LOGITS.with(row, LOGITS[row] + change)));
          close([values.get(slope)!.data[row]], [(up - down) / 2e-5], 1e-6);
        }
      }
      close([total], [1], 1e-6);
    }
  });
}
