import { axisOf, type Dims } from '../dims.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { indices, type NaiveTensor, offsetOf, zeros } from '../naive-tensor.ts';
import { type GradientCall, intAttribute, type Operator } from './operator.ts';

/** One number for all elements along some axes. Inputs x and axes; `keepdims` 1 leaves them with length 1. */
export function reduction(
  reduce: (elements: readonly number[]) => number,
  gradient: (call: GradientCall, x: Value, kept: { y: Value; dy: Value }) => Value,
): Operator {
  return {
    evaluate([x, axes], node) {
      const kept = keptDims(x.dims, [...axes.data]) as readonly number[];
      const groups = Array.from({ length: zeros(kept).data.length }, (): number[] => []);
      let at = 0;
      for (const index of indices(x.dims)) groups[offsetOf(kept, index)].push(x.data[at++]);
      const data = Float64Array.from(groups, reduce);
      return [{ dims: keeps(node) ? kept : droppedDims(x, [...axes.data]), data }];
    },
    dims: ({ inputs: [x], node, integers }) => [
      keeps(node) ? keptDims(x, integers(1)) : dropped(x, integers(1)),
    ],
    gradient(call) {
      const { graph, node, outputs } = call;
      const [x, axes] = node.inputs;
      const restore = (value: Value) => (keeps(node) ? value : graph.op('Unsqueeze', [value, axes]));
      return [gradient(call, x, { y: restore(node.outputs[0]), dy: restore(outputs[0]!) })];
    },
  };
}

/** Repeats `value`, whose reduced axes have length 1, to the size of `like`. */
export function expandTo(graph: Graph, value: Value, like: Value): Value {
  return graph.op('Expand', [value, graph.op('Shape', [like])]);
}

function keeps(node: Node): boolean {
  return intAttribute(node, 'keepdims', 1) === 1;
}

function keptDims(dims: Dims, axes: readonly number[]): Dims {
  const reduced = axes.map((axis) => axisOf(axis, dims));
  return dims.map((dim, axis) => (reduced.includes(axis) ? 1 : dim));
}

function dropped(dims: Dims, axes: readonly number[]): Dims {
  const reduced = axes.map((axis) => axisOf(axis, dims));
  return dims.filter((_, axis) => !reduced.includes(axis));
}

function droppedDims(x: NaiveTensor, axes: readonly number[]): readonly number[] {
  return dropped(x.dims, axes) as readonly number[];
}
