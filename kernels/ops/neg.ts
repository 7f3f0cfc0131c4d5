import { unary } from './elementwise.ts';

/** −x. */
export const neg = unary(
  (x) => -x,
  (graph, _x, _y, dy) => graph.op('Neg', [dy]),
);
