import { broadcastDims } from '../dims.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** 1 where `holds` for the elements of two tensors, otherwise 0, with broadcasting; steps, which have no slope. */
export function comparison(holds: (a: number, b: number) => boolean): Operator {
  return {
    evaluate([a, b]) {
      const dims = broadcastDims(a.dims, b.dims) as readonly number[];
      return [
        tensorOf(dims, (index) =>
          Number(holds(a.data[offsetOf(a.dims, index)], b.data[offsetOf(b.dims, index)])),
        ),
      ];
    },
    dims: ({ inputs }) => [broadcastDims(inputs[0], inputs[1])],
    stopsGradient: true,
  };
}
