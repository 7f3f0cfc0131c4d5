import type { Dims } from '../dims.ts';
import type { Graph, Value } from '../graph.ts';

/** Sums a gradient over the axes along which its value was broadcast. */
export function sumTo(graph: Graph, gradient: Value, from: Dims, to: Dims): Value {
  const extra = from.length - to.length;
  const leading = from.slice(0, extra).map((_, axis) => axis);
  const stretched = to.flatMap((dim, axis) => (dim === 1 && from[axis + extra] !== 1 ? [axis] : []));
  let sum = gradient;
  if (leading.length > 0) sum = graph.op('ReduceSum', [sum, graph.i64(leading)], { keepdims: 0 });
  if (stretched.length > 0) sum = graph.op('ReduceSum', [sum, graph.i64(stretched)], { keepdims: 1 });
  return sum;
}
