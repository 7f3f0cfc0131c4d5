import { unary } from './elementwise.ts';

/** 1 / x; dx = −dy·y². */
export const reciprocal = unary(
  (x) => 1 / x,
  (graph, _x, y, dy) => graph.op('Neg', [graph.op('Mul', [dy, graph.op('Mul', [y, y])])]),
);
