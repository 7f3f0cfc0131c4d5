import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hadamard, residualRotation } from '../../server/models/orthogonal.ts';

/** The matrix of a transform, row i being what becomes of the i-th unit vector. */
function matrixOf(size: number, transform: (vector: Float64Array) => void): Float64Array[] {
  return Array.from({ length: size }, (_, i) => {
    const vector = new Float64Array(size);
    vector[i] = 1;
    transform(vector);
    return vector;
  });
}

for (const size of [1, 2, 9, 12, 48, 144]) {
  test(`the rotation of ${size} numbers is orthogonal and spreads every one of them`, () => {
    const matrix = matrixOf(size, residualRotation(size));
    for (const [i, row] of matrix.entries()) {
      for (const [j, other] of matrix.entries()) {
        const product = row.reduce((sum, value, k) => sum + value * other[k], 0);
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-12, `${i} ${j}`);
      }
      const largest = Math.max(...row.map(Math.abs));
      assert.ok(largest <= Math.sqrt(2 / size) + 1e-12);
    }
  });
}

// From NumPy: np.kron(hadamard 2, DCT-II 3) with the signs of Marsaglia's xorshift, seed 9.
test('the rotation of a size is the same for ever', () => {
  const vector = Float64Array.from({ length: 6 }, (_, i) => i + 1);
  residualRotation(6)(vector);
  assert.deepEqual(
    [...vector].map((value) => Number(value.toFixed(6))),
    [-0.126669, -6.420897, 2.873331, 4.675216, 3.773292, -2.324784],
  );
});

test('the Hadamard transform has entry (-1)^(common bits of i and j) / √size, on the numbers it is given', () => {
  const matrix = matrixOf(20, (vector) => hadamard(vector, 3, 8, 2));
  for (const [i, row] of matrix.entries()) {
    for (const [j, value] of row.entries()) {
      const [from, to] = [(i - 3) / 2, (j - 3) / 2];
      const inside = [from, to].every((at) => Number.isInteger(at) && at >= 0 && at < 8);
      const commonBits = [...(from & to).toString(2)].filter((bit) => bit === '1').length;
      const expected = inside ? (-1) ** commonBits / Math.sqrt(8) : Number(i === j);
      assert.ok(Math.abs(value - expected) < 1e-12, `${i} ${j}`);
    }
  }
});
