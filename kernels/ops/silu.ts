import type { Operator } from './operator.ts';
import { floatAttribute } from './operator.ts';

/**
 * QuickGelu: y = x·σ(αx). With α = 1 it is SiLU, the only form that is differentiated:
 * dx = dy·(σ + y·(1 − σ)). The sigmoid is computed again, which costs less than keeping it.
 */
export const quickGelu: Operator = {
  evaluate: ([x], node) => {
    const alpha = floatAttribute(node, 'alpha', 1.702);
    return [{ dims: x.dims, data: x.data.map((value) => value / (1 + Math.exp(-alpha * value))) }];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs }) {
    if (floatAttribute(node, 'alpha', 1.702) !== 1) throw new Error('only SiLU (alpha 1) has a gradient');
    const share = graph.op('Sigmoid', [node.inputs[0]]);
    const rest = graph.op('Sub', [graph.f32([1], []), share]);
    const slope = graph.op('Add', [share, graph.op('Mul', [node.outputs[0], rest])]);
    return [graph.op('Mul', [outputs[0]!, slope])];
  },
};
