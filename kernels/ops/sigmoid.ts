import { unary } from './elementwise.ts';

/** 1 / (1 + e⁻ˣ); dx = dy·y·(1 − y). */
export const sigmoid = unary(
  (x) => 1 / (1 + Math.exp(-x)),
  (graph, _x, y, dy) => graph.op('Mul', [dy, graph.op('Mul', [y, graph.op('Sub', [graph.f32([1], []), y])])]),
);
