import type { Dims } from './dims.ts';
import type { Graph, Node, Value } from './graph.ts';
import { inferDims, requireIntegers } from './infer-dims.ts';
import { operatorOf } from './ops/index.ts';
import { recompute, type Segment } from './recompute.ts';

/**
 * Appends the backward pass of a graph to it: reverse mode, node by node, every gradient made of operators again.
 * `loss` has one element. Nodes of a segment are computed a second time when their gradients are due, so that their
 * results need not be kept until then; segments do not overlap. Throws where the loss does not depend on a parameter, or where an
 * operator on the way has no gradient.
 */
export function differentiate(
  graph: Graph,
  loss: Value,
  parameters: readonly Value[],
  segments: readonly Segment[] = [],
): ReadonlyMap<Value, Value> {
  const dims = inferDims(graph);
  const forward = [...graph.nodes];
  const needed = dependents(forward, parameters);
  const gradients = new Map<Value, Value>();
  gradients.set(loss, graph.f32([1], known(dims, loss) as readonly number[]));
  const again = new Map<Node, Node>();

  for (const [i, node] of [...forward.entries()].reverse()) {
    const outputs = node.outputs.map((output) => gradients.get(output));
    if (!node.outputs.some((output) => needed.has(output)) || !outputs.some(Boolean)) continue;
    const segment = segments.find(({ start, end }) => start <= i && i < end);
    if (segment && !again.has(node)) {
      const nodes = forward.slice(segment.start, segment.end);
      for (const [from, to] of recompute(graph, nodes, outputs.find(Boolean)!)) {
        again.set(from, to);
        from.outputs.forEach((output, k) => void dims.set(to.outputs[k], known(dims, output)));
        from.inputs.forEach((input, k) => void dims.set(to.inputs[k], known(dims, input)));
      }
    }
    const { gradient } = operatorOf(node);
    if (!gradient) throw new Error(`the operator ${node.op} has no gradient`);
    const start = graph.nodes.length;
    const inputs = gradient({
      graph,
      node: again.get(node) ?? node,
      outputs,
      needs: (input) => needed.has(node.inputs[input]),
      dims: (value) => known(dims, value),
      integers: (input) => requireIntegers(graph, node, input),
    });
    const made = graph.nodes.slice(start);
    node.inputs.forEach((input, k) => {
      const addend = inputs[k];
      if (addend === undefined || !needed.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? addend : added(graph, sum, addend, made));
    });
  }

  return new Map(
    parameters.map((parameter) => {
      const gradient = gradients.get(parameter);
      if (gradient === undefined) throw new Error(`the loss does not depend on ${parameter}`);
      return [parameter, gradient];
    }),
  );
}

/**
 * sum + addend. A product, and rows that are scattered into zeros, are added where they are made; `made` are the nodes
 * of the addend, which nothing else takes anything from.
 */
function added(graph: Graph, sum: Value, addend: Value, made: readonly Node[]): Value {
  const source = (value: Value) => made.find(({ outputs }) => outputs[0] === value);
  const node = source(addend);
  if (node?.op === 'Gemm' && node.inputs.length === 2) {
    return graph.op('Gemm', [...node.inputs, sum], node.attributes);
  }
  if (node?.op === 'ScatterND' && source(node.inputs[0])?.op === 'ConstantOfShape') {
    return graph.op('ScatterND', [sum, ...node.inputs.slice(1)], node.attributes);
  }
  return graph.op('Add', [sum, addend]);
}

/** The parameters and every value that depends on one of them, other than through operators that stop gradients. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): Set<Value> {
  const values = new Set<Value>(parameters);
  for (const node of nodes) {
    if (operatorOf(node).stopsGradient) continue;
    if (node.inputs.some((input) => values.has(input))) for (const output of node.outputs) values.add(output);
  }
  return values;
}

function known(dims: ReadonlyMap<Value, Dims>, value: Value): Dims {
  const found = dims.get(value);
  if (!found) throw new Error(`the dimensions of ${value} are not known`);
  return found;
}
