import { unary } from './elementwise.ts';

/** √x; dx = dy / 2y. */
export const sqrt = unary(Math.sqrt, (graph, _x, y, dy) =>
  graph.op('Div', [graph.op('Mul', [dy, graph.f32([0.5], [])]), y]),
);
