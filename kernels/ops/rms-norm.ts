import { forRows, zeros } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import { floatAttribute, type Operator } from './operator.ts';

/**
 * SimplifiedLayerNormalization: y = x·r·w over the last axis with r = 1 / √(mean x² + ε), which is the second output.
 * With n = x·r: dw = Σ dy·n over all rows, dx = r·(dy·w − n·mean(dy·w·n)).
 */
export const rmsNorm: Operator = {
  evaluate([x, w], node) {
    requireLastAxis(node, x.dims);
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const y = zeros(x.dims);
    const factors = zeros([...x.dims.slice(0, -1), 1]);
    forRows(x, (row, at) => {
      const meanSquare = row.reduce((sum, value) => sum + value * value, 0) / row.length;
      const factor = 1 / Math.sqrt(meanSquare + epsilon);
      factors.data[at / row.length] = factor;
      y.data.set(
        row.map((value, i) => value * factor * w.data[i]),
        at,
      );
    });
    return [y, factors];
  },
  dims: ({ inputs: [x] }) => [x, [...x.slice(0, -1), 1]],
  gradient({ graph, node, outputs, needs, dims }) {
    const [x, w] = node.inputs;
    const factor = node.outputs[1];
    if (!factor) throw new Error('the gradient of a norm needs its second output');
    const dy = outputs[0]!;
    const normed = graph.op('Mul', [x, factor]);
    const dw = () => {
      const leading = dims(x)
        .slice(0, -1)
        .map((_, axis) => axis);
      return graph.op('ReduceSum', [graph.op('Mul', [dy, normed]), graph.i64(leading)], { keepdims: 0 });
    };
    const dx = () => {
      const scaled = graph.op('Mul', [dy, w]);
      const mean = graph.op('ReduceMean', [graph.op('Mul', [scaled, normed]), graph.i64([-1])], {
        keepdims: 1,
      });
      return graph.op('Mul', [graph.op('Sub', [scaled, graph.op('Mul', [normed, mean])]), factor]);
    };
    return [needs(0) ? dx() : undefined, needs(1) ? dw() : undefined];
  },
};
