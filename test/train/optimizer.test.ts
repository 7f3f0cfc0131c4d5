import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AdamW } from '../../server/train/adamw.ts';
import { clipFactor, GradientSum } from '../../server/train/gradient-sum.ts';
import { learningRateAt, type ScheduleSettings } from '../../server/train/schedule.ts';
import { FIXTURES } from '../support/model-files.ts';
import { testRandom } from '../support/tiny-model.ts';

const BETAS = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };

test('AdamW with clipping moves as PyTorch does, clip factor and decay of matrices only included', async () => {
  const golden = JSON.parse(readFileSync(path.join(FIXTURES, 'adamw.json'), 'utf8'));
  const values = new Map([
    ['w', Float32Array.from(golden.w)],
    ['b', Float32Array.from(golden.b)],
  ]);
  const optimizer = await AdamW.open({ ...BETAS, weightDecay: 0.1 }, 1);
  const sum = await GradientSum.open(1);
  for (const step of golden.steps) {
    sum.clear();
    await sum.add(
      new Map([
        ['w', Float32Array.from(step.gradientW)],
        ['b', Float32Array.from(step.gradientB)],
      ]),
    );
    const norm = await sum.norm();
    assert.ok(Math.abs(norm - step.norm) < 1e-5 * step.norm);
    await optimizer.step(
      values,
      sum.gradients,
      step.learningRate,
      clipFactor(norm, 1),
      (name) => name === 'w',
    );
    for (const name of ['w', 'b']) {
      values.get(name)!.forEach((value, i) => {
        assert.ok(Math.abs(value - step[name][i]) < 1e-6, `${name}[${i}]: ${value} is not ${step[name][i]}`);
      });
    }
  }
  assert.equal(optimizer.steps, 6);
  await sum.release();
  await optimizer.release();
});

test('parameters of more numbers than go through the graph at once move as the formula says', async () => {
  const length = 2 ** 18 + 5;
  const [beta1, beta2, epsilon, weightDecay] = [0.9, 0.95, 1e-6, 0.1];
  const random = testRandom(3);
  const draw = () => Float32Array.from({ length }, () => 2 * random() - 1);
  const [values, gradients] = [new Map([['w', draw()]]), new Map([['w', draw()]])];
  const expected = Float64Array.from(values.get('w')!);
  const [first, second] = [new Float64Array(length), new Float64Array(length)];
  const optimizer = await AdamW.open({ beta1, beta2, epsilon, weightDecay }, 2);
  for (const step of [1, 2]) {
    await optimizer.step(values, gradients, 0.01, 0.5, () => true);
    gradients.get('w')!.forEach((gradient, i) => {
      first[i] = beta1 * first[i] + (1 - beta1) * 0.5 * gradient;
      second[i] = beta2 * second[i] + (1 - beta2) * (0.5 * gradient) ** 2;
      const [mean, square] = [first[i] / (1 - beta1 ** step), second[i] / (1 - beta2 ** step)];
      expected[i] -= 0.01 * (weightDecay * expected[i] + mean / (Math.sqrt(square) + epsilon));
    });
  }
  await optimizer.release();
  const worst = values.get('w')!.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(worst < 1e-6, `${worst}`);
});

test('the first step of Adam goes by the learning rate against the sign, whatever the size of the gradient', async () => {
  const values = new Map([['w', Float32Array.of(1, 1, 1)]]);
  const optimizer = await AdamW.open({ ...BETAS, weightDecay: 0 }, 1);
  await optimizer.step(values, new Map([['w', Float32Array.of(1e-3, -5, 200)]]), 0.25, 1, () => true);
  await optimizer.release();
  assert.deepEqual(
    [...values.get('w')!].map((value) => Math.round(value * 1e4) / 1e4),
    [0.75, 1.25, 0.75],
  );
});

test('a resumed optimizer goes on bit by bit', async () => {
  const gradient = (step: number) => new Map([['w', Float32Array.of(Math.sin(step), Math.cos(3 * step))]]);
  const open = () => AdamW.open({ ...BETAS, weightDecay: 0.01 }, 1);
  const [uninterrupted, before, after] = await Promise.all([open(), open(), open()]);
  const run = async (optimizer: AdamW, values: Map<string, Float32Array>, from: number, to: number) => {
    for (let step = from; step < to; step++) {
      await optimizer.step(values, gradient(step), 0.01, 1, () => true);
    }
    await optimizer.release();
  };
  const whole = new Map([['w', Float32Array.of(0.3, -0.7)]]);
  await run(uninterrupted, whole, 0, 8);
  const parts = new Map([['w', Float32Array.of(0.3, -0.7)]]);
  await run(before, parts, 0, 5);
  after.steps = before.steps;
  after.moments('w', 2).first.set(before.moments('w', 2).first);
  after.moments('w', 2).second.set(before.moments('w', 2).second);
  await run(after, parts, 5, 8);
  assert.deepEqual([...parts.get('w')!], [...whole.get('w')!]);
});

test('gradients add up over micro-batches; a number that is none shows in the norm', async () => {
  const sum = await GradientSum.open(1);
  await sum.add(new Map([['w', Float32Array.of(1, 2)]]));
  await sum.add(new Map([['w', Float32Array.of(2, 2)]]));
  assert.deepEqual([...sum.gradients.get('w')!], [3, 4]);
  assert.equal(await sum.norm(), 5);
  assert.equal(clipFactor(5, 2.5), 0.5);
  assert.equal(clipFactor(5, 6), 1);
  await sum.add(new Map([['w', Float32Array.of(Number.NaN, 0)]]));
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
