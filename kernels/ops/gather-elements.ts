import { offsetOf, tensorOf } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** y[…, j] = x[…, index[…, j]] along the last axis. Gradients are added up where the elements came from. */
export const gatherElements: Operator = {
  evaluate([x, places], node) {
    requireLastAxis(node, x.dims);
    return [
      tensorOf(places.dims, (index) => {
        const place = places.data[offsetOf(places.dims, index)];
        return x.data[offsetOf(x.dims, [...index.slice(0, -1), place])];
      }),
    ];
  },
  dims: ({ inputs }) => [inputs[1]],
  gradient({ graph, node, outputs }) {
    const [x, places] = node.inputs;
    const empty = graph.op('ConstantOfShape', [graph.op('Shape', [x])]);
    return [graph.op('ScatterElements', [empty, places, outputs[0]!], { axis: -1, reduction: 'add' })];
  },
};
