import { broadcastDims } from '../dims.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** 1 where two tensors have the same element, otherwise 0. */
export const equal: Operator = {
  evaluate([a, b]) {
    const dims = broadcastDims(a.dims, b.dims) as readonly number[];
    return [
      tensorOf(dims, (index) => Number(a.data[offsetOf(a.dims, index)] === b.data[offsetOf(b.dims, index)])),
    ];
  },
};
