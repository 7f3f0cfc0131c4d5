import assert from 'node:assert/strict';
import { test } from 'node:test';
import { philox2x32, Random } from '../../server/decode/random.ts';

test('philox2x32-10 gives the known answers of its reference implementation', () => {
  assert.deepEqual(philox2x32(0, 0, 0), [0xff1dae59, 0x6cd10df2]);
  assert.deepEqual(philox2x32(0xffffffff, 0xffffffff, 0xffffffff), [0x2c3f628b, 0xab4fd7ad]);
  assert.deepEqual(philox2x32(0x243f6a88, 0x85a308d3, 0x13198a2e), [0xdd7ce038, 0xf62a4c12]);
});

test('seeds give different streams, the same seed the same one', () => {
  const first = (seed: number) => {
    const random = new Random(seed);
    return [random.uniform(), random.uniform(), random.gumbel()];
  };
  assert.deepEqual(first(7), first(7));
  const starts = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 40)].map((seed) => first(seed)[0]);
  assert.equal(new Set(starts).size, starts.length);
});

test('uniform numbers have the moments of the uniform distribution', () => {
  const random = new Random(3);
  const values = Array.from({ length: 20000 }, () => random.uniform());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  assert.ok(values.every((value) => value > 0 && value < 1));
  assert.ok(Math.abs(mean - 1 / 2) < 0.01 && Math.abs(square - 1 / 3) < 0.01);
});
