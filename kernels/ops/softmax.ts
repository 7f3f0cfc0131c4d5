import { forRows, zeros } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** y = eˣ / Σ eˣ over the last axis; dx = y·dy − y·Σ(y·dy). */
export const softmax: Operator = {
  evaluate([x], node) {
    requireLastAxis(node, x.dims);
    const y = zeros(x.dims);
    forRows(x, (row, at) => {
      const top = Math.max(...row);
      const powers = row.map((value) => Math.exp(value - top));
      const total = powers.reduce((sum, power) => sum + power, 0);
      y.data.set(
        powers.map((power) => power / total),
        at,
      );
    });
    return [y];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs, dims }) {
    requireLastAxis(node, dims(node.inputs[0]));
    const y = node.outputs[0];
    const weighted = graph.op('Mul', [outputs[0]!, y]);
    const total = graph.op('ReduceSum', [weighted, graph.i64([-1])], { keepdims: 1 });
    return [graph.op('Sub', [weighted, graph.op('Mul', [y, total])])];
  },
};
