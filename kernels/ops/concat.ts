import type { Dim } from '../graph.ts';
import { indices, offsetOf, zeros } from '../naive-tensor.ts';
import { nodeAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** Tensors one after the other along an axis; the gradient is cut into the same pieces. */
export const concat: Operator = {
  evaluate(inputs, node) {
    const first = inputs[0].dims;
    const axis = nodeAxis(node, first, 0);
    const total = inputs.reduce((sum, input) => sum + input.dims[axis], 0);
    const result = zeros(first.with(axis, total));
    let start = 0;
    for (const input of inputs) {
      let at = 0;
      for (const index of indices(input.dims)) {
        result.data[offsetOf(result.dims, index.with(axis, index[axis] + start))] = input.data[at++];
      }
      start += input.dims[axis];
    }
    return [result];
  },
  dims({ inputs, node }) {
    const axis = nodeAxis(node, inputs[0], 0);
    return [inputs[0].with(axis, total(inputs.map((dims) => dims[axis])))];
  },
  gradient({ graph, node, outputs, needs, dims }) {
    const axis = nodeAxis(node, dims(node.inputs[0]), 0);
    const sizes = node.inputs.map((input) => fixed(dims(input)[axis]));
    const parts = graph.ops('Split', [outputs[0]!, graph.i64(sizes)], { axis }, sizes.length);
    return parts.map((part, i) => (needs(i) ? part : undefined));
  },
};

function total(sizes: readonly Dim[]): number {
  return sizes.reduce<number>((sum, size) => sum + fixed(size), 0);
}

function fixed(size: Dim): number {
  if (typeof size !== 'number') throw new Error(`joined tensors need a fixed length, not ${size}`);
  return size;
}
