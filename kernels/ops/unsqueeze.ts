import type { Dims } from '../dims.ts';
import type { Dim } from '../graph.ts';
import type { Operator } from './operator.ts';

/** Inserts axes of length 1; they are given by their place in the result. */
export const unsqueeze: Operator = {
  evaluate: ([x, axes]) => [{ dims: inserted(x.dims, [...axes.data]) as readonly number[], data: x.data }],
  dims: ({ inputs, integers }) => [inserted(inputs[0], integers(1))],
  gradient({ graph, node, outputs }) {
    return [graph.op('Squeeze', [outputs[0]!, node.inputs[1]])];
  },
};

function inserted(dims: Dims, axes: readonly number[]): Dims {
  const rank = dims.length + axes.length;
  const result: Dim[] = [...dims];
  const places = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  for (const place of places) result.splice(place, 0, 1);
  return result;
}
