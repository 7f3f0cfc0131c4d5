import type { ForwardAdapters } from './forward-adapters.ts';
import type { Graph, Value } from './graph.ts';
import { linear, type Matrix, type Precision, type Product, settle } from './linear/linear.ts';

export type FeedForwardMatrices = Record<'gate' | 'up' | 'down', Matrix>;

/** down(silu(gate(x)) · up(x)), x [rows, hidden] as an RMS norm gives it. */
export function feedForward(
  graph: Graph,
  precision: Precision,
  x: Value,
  matrices: FeedForwardMatrices,
  adapters?: ForwardAdapters,
): Value {
  const gateAndUp = [...matrices.gate, ...matrices.up];
  const product = precision.multiply(graph, precision.prepareNormed(graph, x), gateAndUp);
  const both: Product = adapters
    ? { value: adapters.add(graph, x, settle(graph, product), gateAndUp) }
    : product;
  const [gate, up] = graph.ops('Split', [both.value], { axis: 1, num_outputs: 2 }, 2);
  // QuickGelu is x·sigmoid(αx): with α = 1 it is SiLU.
  const activated = graph.contrib('QuickGelu', [settle(graph, { ...both, value: gate })], {
    alpha: { float: 1 },
  });
  // The row factor of `up` is left to the product after the next one.
  const gated = graph.op('Mul', [activated, up]);
  const inner = precision.prepareWide(graph, gated, both.rowScale);
  const down = linear(graph, precision, inner, matrices.down);
  return adapters ? adapters.add(graph, gated, down, matrices.down) : down;
}
