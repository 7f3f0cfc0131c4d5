/** A tensor of the naive evaluator: row-major, in double precision whatever its type in the graph. */
export interface NaiveTensor {
  dims: readonly number[];
  data: Float64Array;
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function zeros(dims: readonly number[]): NaiveTensor {
  return { dims, data: new Float64Array(sizeOf(dims)) };
}

/** Every index of a tensor of these dimensions, in row-major order. */
export function* indices(dims: readonly number[]): Generator<number[]> {
  const index = dims.map(() => 0);
  for (let count = sizeOf(dims); count > 0; count--) {
    yield index;
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis] === dims[axis]; axis--) index[axis] = 0;
  }
}

/** Position of an index in the data; leading axes that the tensor lacks and axes of length 1 are broadcast. */
export function offsetOf(dims: readonly number[], index: readonly number[]): number {
  const extra = index.length - dims.length;
  return dims.reduce((offset, dim, axis) => offset * dim + (dim === 1 ? 0 : index[axis + extra]), 0);
}

/** A tensor whose element at an index is `value(index)`. */
export function tensorOf(dims: readonly number[], value: (index: readonly number[]) => number): NaiveTensor {
  const result = zeros(dims);
  let at = 0;
  for (const index of indices(dims)) result.data[at++] = value(index);
  return result;
}

/** `x` as rows of its last axis: calls `visit` with each of them. */
export function forRows(x: NaiveTensor, visit: (row: Float64Array, at: number) => void): void {
  const length = x.dims[x.dims.length - 1];
  for (let at = 0; at < x.data.length; at += length) visit(x.data.subarray(at, at + length), at);
}
