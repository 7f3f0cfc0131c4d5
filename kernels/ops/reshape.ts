import { reshapedDims, reshapeTarget } from '../dims.ts';
import type { Operator } from './operator.ts';

/** The same elements in other dimensions: 0 keeps a dimension, −1 is what remains. */
export const reshape: Operator = {
  evaluate: ([x, target]) => [
    { dims: reshapedDims(x.dims, [...target.data]) as readonly number[], data: x.data },
  ],
  dims: ({ inputs, integers }) => [reshapedDims(inputs[0], integers(1))],
  gradient({ graph, node, outputs, dims }) {
    const target = graph.i64(reshapeTarget(dims(node.inputs[0])));
    return [graph.op('Reshape', [outputs[0]!, target])];
  },
};
