/** Row-major matrices; sums run in double precision. */

/** a [rows, inner] · b [inner, columns]. */
export function multiply(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): Float32Array {
  const product = new Float32Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const factor = a[row * inner + k];
      const from = k * columns;
      for (let column = 0; column < columns; column++) sums[column] += factor * b[from + column];
    }
    product.set(sums, row * columns);
  }
  return product;
}

/** x [rows, columns] → [columns, rows]. */
export function transpose(x: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(x.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = x[row * columns + column];
  }
  return turned;
}
