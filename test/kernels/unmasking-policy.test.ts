import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from '../../kernels/autodiff.ts';
import type { Feed } from '../../kernels/graph.ts';
import { evaluate } from '../../kernels/naive-graph.ts';
import { type NaiveTensor, sizeOf } from '../../kernels/naive-tensor.ts';
import { naivePolicy } from '../../kernels/naive-unmasking-policy.ts';
import { ABSENT, drawLogProbs } from '../../kernels/training/draw-log-probs.ts';
import {
  buildPolicy,
  POLICY_NETWORK,
  type PolicyShape,
  policyFeeds,
  policyParameters,
} from '../../kernels/unmasking-policy.ts';
import { UNMASKINGS, type UnmaskingName } from '../../server/decode/unmasking/index.ts';
import { loadOrt, openSession, tensors } from '../../server/engine/ort.ts';
import { testRandom } from '../support/tiny-model.ts';

const SHAPE: PolicyShape = { inputs: 2, window: 4, size: 8, inner: 12, heads: 2, timeSize: 6, timePeriod: 1 };

/** Whole windows and shorter ones, with positions that may not be revealed. */
const WINDOWS = [
  { inputs: [0.9, 0.1, 0.5, 0.2, 1, 0, 0.3, 0.3], eligible: [true, true, false, true], time: 0 },
  { inputs: [0.4, 0.4, 0.7, 0.1], eligible: [true, true], time: 0.25 },
  { inputs: [1, 0, 0.8, 0.1, 0.2, 0.1], eligible: [false, true, true], time: 0.5 },
];

function lab(shape: PolicyShape) {
  const random = testRandom(3);
  const weights = new Map(
    policyParameters(shape).map(({ name, dims }) => [
      name,
      Float64Array.from({ length: sizeOf(dims) }, () => Math.fround(random() - 0.5)),
    ]),
  );
  const feeds: Record<string, Feed> = policyFeeds(shape, WINDOWS);
  for (const { name, dims } of policyParameters(shape)) feeds[name] = { f32: weights.get(name)!, dims };
  return { weights, feeds };
}

const tensorsOf = (feeds: Record<string, Feed>) =>
  new Map<string, NaiveTensor>(
    Object.entries(feeds).map(([name, feed]) => {
      const data = Float64Array.from('f32' in feed ? feed.f32 : feed.i64);
      return [name, { data, dims: feed.dims ?? [data.length] }];
    }),
  );

const near = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual} is not ${expected}`);

test("the policy's graph gives the numbers of its definition, windows apart from each other", async () => {
  const { weights, feeds } = lab(SHAPE);
  const graph = buildPolicy(SHAPE);
  const ort = await loadOrt();
  const { f32, i64 } = tensors(ort);
  const session = await openSession(ort, graph, '.', 1);
  const fed = Object.entries(feeds).map(([input, feed]) => {
    if ('i64' in feed) return [input, i64(feed.i64, feed.dims ?? [feed.i64.length])];
    return [input, f32(Float32Array.from(feed.f32), feed.dims!)];
  });
  const out = (await session.run(Object.fromEntries(fed)))[POLICY_NETWORK.logits].data as Float32Array;
  const naive = evaluate(graph, tensorsOf(feeds)).get(POLICY_NETWORK.logits)!.data;
  for (const [i, window] of WINDOWS.entries()) {
    const expected = naivePolicy(SHAPE, (name) => weights.get(name)!, window);
    expected.forEach((logit, row) => {
      near(naive[i * SHAPE.window + row], logit, 1e-6, `window ${i}, row ${row}`);
      near(out[i * SHAPE.window + row], logit, 1e-5, `window ${i}, row ${row}`);
    });
  }
  await session.release();
});

test('the published sizes have about 0.3 million numbers', () => {
  const shape = { inputs: 1, window: 32, size: 128, inner: 512, heads: 2, timeSize: 128, timePeriod: 1 };
  const count = policyParameters(shape).reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  assert.equal(count, 330_497);
});

/** An action for every window, and the draws that it consists of as inputs of the graph. */
function actions(unmasking: UnmaskingName, weights: ReadonlyMap<string, Float64Array>) {
  const chosen = [[1, 0], [0], [1]];
  const logits = WINDOWS.map((window) => {
    const all = naivePolicy(SHAPE, (name) => weights.get(name)!, window);
    return [...all].filter((_, row) => window.eligible[row]);
  });
  const places = WINDOWS.map(({ eligible }) => [...eligible.keys()].filter((row) => eligible[row]));
  const draws = chosen.map((action, i) => UNMASKINGS[unmasking].draws(logits[i], action));
  const most = Math.max(...draws.map(({ length }) => length));
  const items = SHAPE.window + 1;
  const among = Array<number>(3 * most * items).fill(ABSENT);
  const drawn = Array<number>(3 * most).fill(0);
  const counts = Array<number>(3 * most).fill(0);
  for (const [i, all] of draws.entries()) {
    const item = (place: number | undefined) => (place === undefined ? SHAPE.window : places[i][place]);
    for (const [d, draw] of all.entries()) {
      const at = i * most + d;
      for (const place of draw.among) among[at * items + item(place)] = 0;
      drawn[at] = item(draw.drawn);
      counts[at] = 1;
    }
  }
  const feeds: Record<string, Feed> = {
    among: { f32: among, dims: [3, most, items] },
    drawn: { i64: drawn, dims: [3, most, 1] },
    counts: { f32: counts, dims: [3, most] },
  };
  const logProbs = chosen.map((action, i) => UNMASKINGS[unmasking].logProb(logits[i], action));
  return { feeds, logProbs };
}

for (const unmasking of Object.keys(UNMASKINGS) as UnmaskingName[]) {
  // Draws nothing, so there is nothing to learn from what it chose.
  if (unmasking === 'bernoulli-expected') continue;
  test(`log-probabilities of actions and their gradients are those of the definitions: ${unmasking}`, () => {
    const { weights, feeds } = lab(SHAPE);
    const graph = buildPolicy(SHAPE);
    const draws = actions(unmasking, weights);
    const logProbs = drawLogProbs(graph, POLICY_NETWORK.logits, {
      among: graph.input('among', 'f32', ['windows', 'draws', SHAPE.window + 1]),
      drawn: graph.input('drawn', 'i64', ['windows', 'draws', 1]),
      counts: graph.input('counts', 'f32', ['windows', 'draws']),
    });
    const factors = graph.op('Mul', [logProbs, graph.input('factors', 'f32', ['windows'])]);
    const loss = graph.op('ReduceSum', [factors, graph.i64([0])], { keepdims: 0 });
    const parameters = [...weights.keys()];
    const gradients = differentiate(graph, loss, parameters);
    const of = [0.7, -1.3, 0.4];
    const values = evaluate(graph, tensorsOf({ ...feeds, ...draws.feeds, factors: { f32: of } }));
    for (const [i, logProb] of draws.logProbs.entries()) {
      near(values.get(logProbs)!.data[i], logProb, 1e-6, `action ${i}`);
    }
    const lossAt = (moved: ReadonlyMap<string, Float64Array>) =>
      actions(unmasking, moved).logProbs.reduce((sum, logProb, i) => sum + of[i] * logProb, 0);
    for (const parameter of parameters) {
      const gradient = values.get(gradients.get(parameter)!)!.data;
      const value = weights.get(parameter)!;
      for (let i = 0; i < value.length; i += Math.ceil(value.length / 5)) {
        const [up, down] = [1e-4, -1e-4].map((change) =>
          lossAt(new Map(weights).set(parameter, value.with(i, value[i] + change))),
        );
        near(gradient[i], (up - down) / 2e-4, 1e-5, `${parameter}[${i}]`);
      }
    }
  });
}
