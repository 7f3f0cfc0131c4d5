import { broadcastDims } from '../dims.ts';
import type { Graph, Value } from '../graph.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import type { GradientCall, Operator } from './operator.ts';
import { sumTo } from './sum-to.ts';

/** y = f(x) for every element. `gradient` gets x, y and the gradient of y. */
export function unary(
  f: (x: number) => number,
  gradient: (graph: Graph, x: Value, y: Value, dy: Value) => Value,
): Operator {
  return {
    evaluate: ([x]) => [{ dims: x.dims, data: x.data.map(f) }],
    dims: ({ inputs }) => [inputs[0]],
    gradient: ({ graph, node, outputs }) => [gradient(graph, node.inputs[0], node.outputs[0], outputs[0]!)],
  };
}

/** z = f(a, b) for every element, with broadcasting. `gradients` give those of a and b as large as z. */
export function binary(
  f: (a: number, b: number) => number,
  gradients: readonly [BinaryGradient, BinaryGradient],
): Operator {
  return {
    evaluate([a, b]) {
      const dims = broadcastDims(a.dims, b.dims) as readonly number[];
      return [tensorOf(dims, (index) => f(a.data[offsetOf(a.dims, index)], b.data[offsetOf(b.dims, index)]))];
    },
    dims: ({ inputs }) => [broadcastDims(inputs[0], inputs[1])],
    gradient: (call) =>
      gradients.map((gradient, i) => {
        if (!call.needs(i)) return undefined;
        const full = gradient(call, call.node.inputs[0], call.node.inputs[1], call.outputs[0]!);
        return sumTo(call.graph, full, call.dims(call.node.outputs[0]), call.dims(call.node.inputs[i]));
      }),
  };
}

type BinaryGradient = (call: GradientCall, a: Value, b: Value, dz: Value) => Value;
