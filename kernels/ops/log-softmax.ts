import { forRows, zeros } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** y = x − log Σ eˣ over the last axis; dx = dy − eʸ·Σ dy. */
export const logSoftmax: Operator = {
  evaluate([x], node) {
    requireLastAxis(node, x.dims);
    const y = zeros(x.dims);
    forRows(x, (row, at) => {
      const top = Math.max(...row);
      const logSumExp = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
      y.data.set(
        row.map((value) => value - logSumExp),
        at,
      );
    });
    return [y];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs, dims }) {
    requireLastAxis(node, dims(node.inputs[0]));
    const total = graph.op('ReduceSum', [outputs[0]!, graph.i64([-1])], { keepdims: 1 });
    const shares = graph.op('Exp', [node.outputs[0]]);
    return [graph.op('Sub', [outputs[0]!, graph.op('Mul', [shares, total])])];
  },
};
