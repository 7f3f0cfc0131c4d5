import { unary } from './elementwise.ts';

/** eˣ, its own derivative. */
export const exp = unary(Math.exp, (graph, _x, y, dy) => graph.op('Mul', [dy, y]));
