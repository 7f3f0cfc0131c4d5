import type { Graph, Value } from '../graph.ts';
import { binary } from './elementwise.ts';

/** min(a, b). The gradient goes to the smaller one, to a where they are equal. */
export const min = binary(Math.min, [
  ({ graph }, a, b, dz) => graph.op('Mul', [dz, whereAtMost(graph, a, b)]),
  ({ graph }, a, b, dz) => graph.op('Sub', [dz, graph.op('Mul', [dz, whereAtMost(graph, a, b)])]),
]);

/** max(a, b). The gradient goes to the larger one, to a where they are equal. */
export const max = binary(Math.max, [
  ({ graph }, a, b, dz) => graph.op('Mul', [dz, whereAtMost(graph, b, a)]),
  ({ graph }, a, b, dz) => graph.op('Sub', [dz, graph.op('Mul', [dz, whereAtMost(graph, b, a)])]),
]);

/** 1 where a ≤ b, otherwise 0, in f32. */
function whereAtMost(graph: Graph, a: Value, b: Value): Value {
  return graph.op('Cast', [graph.op('LessOrEqual', [a, b])], { to: 1 });
}
