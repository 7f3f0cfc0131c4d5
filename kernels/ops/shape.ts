import type { Operator } from './operator.ts';

/** The dimensions of a tensor, as a vector of integers. */
export const shape: Operator = {
  stopsGradient: true,
  dims: ({ inputs: [x] }) => [[x.length]],
  evaluate: ([x]) => [{ dims: [x.dims.length], data: Float64Array.from(x.dims) }],
};
