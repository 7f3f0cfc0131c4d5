import { broadcastDims } from '../dims.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** Repeats a tensor along axes of length 1 until it has the given dimensions. */
export const expand: Operator = {
  evaluate([x, target]) {
    const dims = broadcastDims(x.dims, [...target.data]) as readonly number[];
    return [tensorOf(dims, (index) => x.data[offsetOf(x.dims, index)])];
  },
};
