import { axisOf, type Dims } from '../dims.ts';
import type { Operator } from './operator.ts';

/** Removes axes of length 1. */
export const squeeze: Operator = {
  evaluate: ([x, axes]) => [{ dims: without(x.dims, [...axes.data]) as readonly number[], data: x.data }],
  dims: ({ inputs, integers }) => [without(inputs[0], integers(1))],
  gradient({ graph, node, outputs, dims, integers }) {
    const axes = integers(1).map((axis) => axisOf(axis, dims(node.inputs[0])));
    return [graph.op('Unsqueeze', [outputs[0]!, graph.i64(axes)])];
  },
};

function without(dims: Dims, axes: readonly number[]): Dims {
  const removed = axes.map((axis) => axisOf(axis, dims));
  return dims.filter((_, axis) => !removed.includes(axis));
}
