import type { Graph, Node, Value } from './graph.ts';

/** Nodes `start … end − 1` of a graph. */
export interface Segment {
  start: number;
  end: number;
}

/**
 * Appends a second copy of nodes whose results are to be forgotten between the forward and the backward pass; returns
 * the copy of each that does more than make a constant. The values that the nodes take from earlier ones are tied to
 * `gradient`, the first one that the backward pass has for them: without that the runtime would merge the copies with
 * the originals, or run them early.
 */
export function recompute(graph: Graph, nodes: readonly Node[], gradient: Value): Map<Node, Node> {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const given = new Set(graph.inputs.map(({ name }) => name));
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const zero = graph.op('Mul', [firstElement(graph, gradient), graph.f32([0])]);
  const names = new Map<Value, Value>();
  const copies = new Map<Node, Node>();
  for (const node of nodes) {
    if (node.inputs.every((input) => constants.has(input))) {
      for (const output of node.outputs) constants.add(output);
      continue;
    }
    const inputs = node.inputs.map((input) => {
      if (given.has(input) || constants.has(input)) return input;
      const known = names.get(input);
      if (known !== undefined || made.has(input)) return known!;
      const tied = graph.op('Add', [input, zero]);
      names.set(input, tied);
      return tied;
    });
    const copy = graph.copy(node, inputs);
    node.outputs.forEach((output, i) => void names.set(output, copy.outputs[i]));
    copies.set(node, copy);
  }
  return copies;
}

function firstElement(graph: Graph, value: Value): Value {
  const flat = graph.op('Reshape', [value, graph.i64([-1])]);
  return graph.op('Slice', [flat, graph.i64([0]), graph.i64([1]), graph.i64([0])]);
}
