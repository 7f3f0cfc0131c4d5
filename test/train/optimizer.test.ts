import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AdamW } from '../../server/train/adamw.ts';
import { clipFactor, GradientSum } from '../../server/train/gradient-sum.ts';
import { learningRateAt, type ScheduleSettings } from '../../server/train/schedule.ts';
import { FIXTURES } from '../support/model-files.ts';

const BETAS = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };

test('AdamW with clipping moves as PyTorch does, clip factor and decay of matrices only included', () => {
  const golden = JSON.parse(readFileSync(path.join(FIXTURES, 'adamw.json'), 'utf8'));
  const values = new Map([
    ['w', Float32Array.from(golden.w)],
    ['b', Float32Array.from(golden.b)],
  ]);
  const optimizer = new AdamW({ ...BETAS, weightDecay: 0.1 });
  for (const step of golden.steps) {
    const sum = new GradientSum();
    sum.add(
      new Map([
        ['w', Float32Array.from(step.gradientW)],
        ['b', Float32Array.from(step.gradientB)],
      ]),
    );
    const norm = sum.norm();
    assert.ok(Math.abs(norm - step.norm) < 1e-5 * step.norm);
    optimizer.step(values, sum.gradients, step.learningRate, clipFactor(norm, 1), (name) => name === 'w');
    for (const name of ['w', 'b']) {
      values.get(name)!.forEach((value, i) => {
        assert.ok(Math.abs(value - step[name][i]) < 1e-6, `${name}[${i}]: ${value} is not ${step[name][i]}`);
      });
    }
  }
  assert.equal(optimizer.steps, 6);
});

test('the first step of Adam goes by the learning rate against the sign, whatever the size of the gradient', () => {
  const values = new Map([['w', Float32Array.of(1, 1, 1)]]);
  const optimizer = new AdamW({ ...BETAS, weightDecay: 0 });
  optimizer.step(values, new Map([['w', Float32Array.of(1e-3, -5, 200)]]), 0.25, 1, () => true);
  assert.deepEqual(
    [...values.get('w')!].map((value) => Math.round(value * 1e4) / 1e4),
    [0.75, 1.25, 0.75],
  );
});

test('a resumed optimizer goes on bit by bit', () => {
  const gradient = (step: number) => new Map([['w', Float32Array.of(Math.sin(step), Math.cos(3 * step))]]);
  const run = (optimizer: AdamW, values: Map<string, Float32Array>, from: number, to: number) => {
    for (let step = from; step < to; step++) optimizer.step(values, gradient(step), 0.01, 1, () => true);
  };
  const whole = new Map([['w', Float32Array.of(0.3, -0.7)]]);
  run(new AdamW({ ...BETAS, weightDecay: 0.01 }), whole, 0, 8);
  const parts = new Map([['w', Float32Array.of(0.3, -0.7)]]);
  const before = new AdamW({ ...BETAS, weightDecay: 0.01 });
  run(before, parts, 0, 5);
  const after = new AdamW({ ...BETAS, weightDecay: 0.01 });
  after.steps = before.steps;
  after.moments('w', 2).first.set(before.moments('w', 2).first);
  after.moments('w', 2).second.set(before.moments('w', 2).second);
  run(after, parts, 5, 8);
  assert.deepEqual([...parts.get('w')!], [...whole.get('w')!]);
});

test('gradients add up over micro-batches; a number that is none shows in the norm', () => {
  const sum = new GradientSum();
  sum.add(new Map([['w', Float32Array.of(1, 2)]]));
  sum.add(new Map([['w', Float32Array.of(2, 2)]]));
  assert.deepEqual([...sum.gradients.get('w')!], [3, 4]);
  assert.equal(sum.norm(), 5);
  assert.equal(clipFactor(5, 2.5), 0.5);
  assert.equal(clipFactor(5, 6), 1);
  sum.add(new Map([['w', Float32Array.of(Number.NaN, 0)]]));
  assert.ok(Number.isNaN(sum.norm()));
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
