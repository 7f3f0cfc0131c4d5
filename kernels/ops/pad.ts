import { indices, offsetOf, zeros } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** Zeros around a tensor; `pads` has the number before each axis, then the number after each. */
export const pad: Operator = {
  evaluate([x, pads]) {
    const rank = x.dims.length;
    const result = zeros(x.dims.map((dim, axis) => dim + pads.data[axis] + pads.data[rank + axis]));
    let at = 0;
    for (const index of indices(x.dims)) {
      result.data[
        offsetOf(
          result.dims,
          index.map((place, axis) => place + pads.data[axis]),
        )
      ] = x.data[at++];
    }
    return [result];
  },
};
