import { unary } from './elementwise.ts';

/** Natural logarithm. */
export const log = unary(Math.log, (graph, x, _y, dy) => graph.op('Div', [dy, x]));
