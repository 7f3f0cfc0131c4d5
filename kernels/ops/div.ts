import { binary } from './elementwise.ts';

/** z = a / b. */
export const div = binary(
  (a, b) => a / b,
  [
    ({ graph }, _a, b, dz) => graph.op('Div', [dz, b]),
    // ∂z/∂b = −z / b
    ({ graph, node }, _a, b, dz) =>
      graph.op('Neg', [graph.op('Div', [graph.op('Mul', [dz, node.outputs[0]]), b])]),
  ],
);
