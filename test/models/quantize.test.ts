import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK, quantizeBlocks, quantizeRows } from '../../server/models/quantize.ts';
import { halfBitsToNumber } from '../../server/models/tensor-data.ts';
import { testRandom } from '../support/tiny-model.ts';

test('rows are rounded to the nearest of 255 steps of their own size', () => {
  const random = testRandom(1);
  const values = Float32Array.from({ length: 4 * 50 }, (_, i) => (random() - 0.5) * 10 ** Math.floor(i / 50));
  values.fill(0, 150);
  const { integers, scales } = quantizeRows(values, 4);
  for (let row = 0; row < 4; row++) {
    const own = values.subarray(row * 50, (row + 1) * 50);
    const largest = Math.max(...own.map(Math.abs));
    if (largest > 0) assert.equal(scales[row], Math.fround(largest / 127));
    for (const [i, value] of own.entries()) {
      const restored = integers[row * 50 + i] * scales[row];
      assert.ok(Math.abs(restored - value) <= scales[row] * 0.5001, `${row} ${i}`);
    }
  }
  assert.deepEqual([...integers.subarray(150)], new Array(50).fill(0));
});

test('blocks are rounded to the nearest of 16 steps, the largest number of each to an end', () => {
  const random = testRandom(1);
  const values = Float32Array.from(
    { length: 4 * BLOCK },
    (_, i) => (random() - 0.5) * 10 ** Math.floor(i / BLOCK),
  );
  values.fill(0, 3 * BLOCK);
  const { packed, scales } = quantizeBlocks(values);
  for (const [i, value] of values.entries()) {
    const scale = halfBitsToNumber(scales[Math.floor(i / BLOCK)]);
    const integer = ((packed[i >> 1] >> (4 * (i % 2))) & 15) - 8;
    // The side opposite to the largest number ends one step earlier.
    const reach = Math.max(-8, Math.min(7, value / scale || 0));
    assert.ok(Math.abs(integer - reach) <= 0.5001, `${i}`);
    assert.ok(Math.abs(integer * scale - value) <= Math.abs(scale) * 1.001, `${i}`);
  }
  for (let block = 0; block < 3; block++) {
    const own = values.subarray(block * BLOCK, (block + 1) * BLOCK);
    const largest = own.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    assert.ok(Math.abs(halfBitsToNumber(scales[block]) * -8 - largest) <= Math.abs(largest) / 1000);
  }
});
