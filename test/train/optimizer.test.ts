import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { naiveAdamW } from '../../kernels/training/adamw.ts';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { adamWModule } from '../../scripts/lib/wasm.mjs';
import { AdamW, type AdamWSettings } from '../../server/train/adamw.ts';
import { memories } from '../../server/train/adamw-memory.ts';
import { clipFactor, GradientSum } from '../../server/train/gradient-sum.ts';
import type { Gradients } from '../../server/train/gradients.ts';
import { learningRateAt, type ScheduleSettings } from '../../server/train/schedule.ts';
import { FIXTURES } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const BETAS = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };

/** AdamW over one array or more, which begin as given. */
function adamW(settings: AdamWSettings, values: Readonly<Record<string, ArrayLike<number>>>): AdamW {
  const lengths = new Map(Object.entries(values).map(([name, { length }]) => [name, length]));
  const optimizer = new AdamW(settings, lengths);
  for (const [name, { value }] of optimizer.parameters) value.set(values[name]);
  return optimizer;
}

/** A write of these gradients, as a session makes it. */
const writing = (gradients: Readonly<Record<string, readonly number[]>>) => async (room: Gradients) => {
  for (const [name, array] of room) array.set(gradients[name]);
};

test('the module is what the text assembles to', async () => {
  const file = path.join(ROOT, 'kernels/training/adamw-module.ts');
  assert.equal(readFileSync(file, 'utf8'), await adamWModule());
});

test('AdamW with clipping moves as PyTorch does, clip factor and decay of matrices only included', async () => {
  const golden = JSON.parse(readFileSync(path.join(FIXTURES, 'adamw.json'), 'utf8'));
  const optimizer = adamW({ ...BETAS, weightDecay: 0.1 }, { w: golden.w, b: golden.b });
  const gradients = new Map([...optimizer.parameters].map(([name, { gradient }]) => [name, gradient]));
  const sum = await GradientSum.open(gradients, 1);
  for (const step of golden.steps) {
    sum.clear();
    await sum.add(writing({ w: step.gradientW, b: step.gradientB }));
    const norm = await sum.norm();
    assert.ok(Math.abs(norm - step.norm) < 1e-5 * step.norm);
    optimizer.step(step.learningRate, clipFactor(norm, 1), (name) => name === 'w');
    for (const [name, { value }] of optimizer.parameters) {
      value.forEach((number, i) => {
        assert.ok(
          Math.abs(number - step[name][i]) < 1e-6,
          `${name}[${i}]: ${number} is not ${step[name][i]}`,
        );
      });
    }
  }
  assert.equal(optimizer.steps, 6);
  await sum.release();
});

test('the kernel moves numbers, gradients and moments as its definition does, at any length, and nothing beside them', () => {
  const random = testRandom(3);
  const draw = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);
  const lengths = new Map([1, 2, 3, 4, 5, 8, 1003].map((length) => [`w${length}`, length]));
  const { parameters } = new AdamW({ ...BETAS, weightDecay: 0 }, lengths);
  const factors = {
    ...{ beta1: 0.9, firstScale: 0.05, beta2: 0.95, secondScale: 0.11 },
    ...{ stepSize: 0.01, offset: 1e-6, keep: 0.99 },
  };
  const expected = new Map(
    [...parameters].map(([name, { value, gradient, first, second }]) => {
      for (const array of [value, gradient, first]) array.set(draw(array.length));
      second.set(draw(second.length).map((number) => number ** 2));
      const [v, g, m, s] = [value, gradient, first, second].map((array) => Float64Array.from(array));
      return [name, { value: v, gradient: g, first: m, second: s }];
    }),
  );
  for (const [name, parameter] of parameters) {
    for (let step = 0; step < 2; step++) {
      parameter.step(factors);
      naiveAdamW(expected.get(name)!, factors);
    }
  }
  for (const [name, parameter] of parameters) {
    for (const key of ['value', 'gradient', 'first', 'second'] as const) {
      parameter[key].forEach((number, i) => {
        assert.ok(Math.abs(number - expected.get(name)![key][i]) < 1e-6, `${key} ${name}[${i}]`);
      });
    }
  }
});

test('parameters are spread over memories, and one that no memory holds is refused', () => {
  const lengths = new Map(Object.entries({ a: 2 ** 27, b: 2 ** 27 - 8, c: 5, d: 1, e: 2 ** 28, f: 1 }));
  assert.deepEqual(
    memories(lengths).map((group) => group.map(([name]) => name).join('')),
    ['abc', 'd', 'e', 'f'],
  );
  assert.throws(
    () => memories(new Map([['table', 2 ** 28 + 1]])),
    /^UserError: table has 268435457 numbers, and no more than 268 million of one matrix/,
  );
});

test('several steps are what the published formula says, decay and bias correction included', () => {
  const length = 1000;
  const [beta1, beta2, epsilon, weightDecay] = [0.9, 0.95, 1e-6, 0.1];
  const random = testRandom(4);
  const draw = () => Float32Array.from({ length }, () => 2 * random() - 1);
  const expected = Float64Array.from(draw());
  const [first, second] = [new Float64Array(length), new Float64Array(length)];
  const optimizer = adamW({ beta1, beta2, epsilon, weightDecay }, { w: expected });
  const { value, gradient } = optimizer.parameters.get('w')!;
  for (const step of [1, 2, 3]) {
    gradient.set(draw());
    optimizer.step(0.01, 0.5, () => true);
    gradient.forEach((slope, i) => {
      first[i] = beta1 * first[i] + (1 - beta1) * 0.5 * slope;
      second[i] = beta2 * second[i] + (1 - beta2) * (0.5 * slope) ** 2;
      const [mean, square] = [first[i] / (1 - beta1 ** step), second[i] / (1 - beta2 ** step)];
      expected[i] -= 0.01 * (weightDecay * expected[i] + mean / (Math.sqrt(square) + epsilon));
    });
  }
  const worst = value.reduce((most, number, i) => Math.max(most, Math.abs(number - expected[i])), 0);
  assert.ok(worst < 1e-6, `${worst}`);
});

test('the first step of Adam goes by the learning rate against the sign, whatever the size of the gradient', () => {
  const optimizer = adamW({ ...BETAS, weightDecay: 0 }, { w: [1, 1, 1] });
  const { value, gradient } = optimizer.parameters.get('w')!;
  gradient.set([1e-3, -5, 200]);
  optimizer.step(0.25, 1, () => true);
  assert.deepEqual(
    [...value].map((number) => Math.round(number * 1e4) / 1e4),
    [0.75, 1.25, 0.75],
  );
});

test('a resumed optimizer goes on bit by bit', () => {
  const start = { w: [0.3, -0.7] };
  const settings = { ...BETAS, weightDecay: 0.01 };
  const run = (optimizer: AdamW, from: number, to: number) => {
    const parameter = optimizer.parameters.get('w')!;
    for (let step = from; step < to; step++) {
      parameter.gradient.set([Math.sin(step), Math.cos(3 * step)]);
      optimizer.step(0.01, 1, () => true);
    }
    return parameter;
  };
  const whole = run(adamW(settings, start), 0, 8);
  const before = adamW(settings, start);
  const { value, first, second } = run(before, 0, 5);
  const after = adamW(settings, { w: value });
  after.steps = before.steps;
  after.parameters.get('w')!.first.set(first);
  after.parameters.get('w')!.second.set(second);
  assert.deepEqual([...run(after, 5, 8).value], [...whole.value]);
});

test('gradients add up over micro-batches; a number that is none shows in the norm', async () => {
  const w = Float32Array.of(7, 7);
  const sum = await GradientSum.open(new Map([['w', w]]), 1);
  assert.ok(sum.empty);
  await sum.add(writing({ w: [1, 2] }));
  await sum.add(writing({ w: [2, 2] }));
  assert.deepEqual([...w], [3, 4]);
  assert.equal(await sum.norm(), 5);
  assert.equal(clipFactor(5, 2.5), 0.5);
  assert.equal(clipFactor(5, 6), 1);
  await sum.add(writing({ w: [Number.NaN, 0] }));
  assert.ok(Number.isNaN(await sum.norm()));
  sum.clear();
  assert.equal(await sum.norm(), 0);
  await sum.release();
});

test('learning rates: closed forms', () => {
  const settings: ScheduleSettings = { schedule: 'constant', learningRate: 2, warmupSteps: 4, steps: 12 };
  const rates = (changes: Partial<ScheduleSettings>) =>
    Array.from({ length: 12 }, (_, step) => learningRateAt(step, { ...settings, ...changes }));
  assert.deepEqual(rates({}), [0.5, 1, 1.5, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  assert.deepEqual(rates({ schedule: 'linear' }).slice(4), [2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25]);
  const cosine = rates({ schedule: 'cosine' });
  assert.ok(Math.abs(cosine[8] - 1) < 1e-12);
  assert.ok(Math.abs(cosine[6] - (1 + Math.SQRT1_2)) < 1e-12);
  assert.deepEqual(rates({ schedule: 'cosine', warmupSteps: 0 })[0], 2);
});
