import type { Dims } from './dims.ts';
import type { Graph, Node, Value } from './graph.ts';
import { inferDims, requireIntegers } from './infer-dims.ts';
import { operatorOf } from './ops/index.ts';

/**
 * Appends the backward pass of a graph to it: reverse mode, node by node, every gradient made of operators again.
 * `loss` has one element. Returns the gradient of every parameter, as large as the parameter; throws where the loss
 * does not depend on one, or where an operator on the way has no gradient.
 */
export function differentiate(
  graph: Graph,
  loss: Value,
  parameters: readonly Value[],
): ReadonlyMap<Value, Value> {
  const dims = inferDims(graph);
  const dimsOf = (value: Value) => known(dims, value);
  const forward = [...graph.nodes];
  const needed = dependents(forward, parameters);
  const gradients = new Map<Value, Value>();
  gradients.set(loss, graph.f32([1], dimsOf(loss) as readonly number[]));

  for (const node of forward.reverse()) {
    const outputs = node.outputs.map((output) => gradients.get(output));
    if (!node.outputs.some((output) => needed.has(output)) || !outputs.some(Boolean)) continue;
    const { gradient } = operatorOf(node);
    if (!gradient) throw new Error(`the operator ${node.op} has no gradient`);
    const needs = (input: number) => needed.has(node.inputs[input]);
    const integers = (input: number) => requireIntegers(graph, node, input);
    const inputs = gradient({ graph, node, outputs, needs, dims: dimsOf, integers });
    node.inputs.forEach((input, i) => {
      const addend = inputs[i];
      if (addend === undefined || !needed.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? addend : graph.op('Add', [sum, addend]));
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

/** The parameters and every value that depends on one of them. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): Set<Value> {
  const values = new Set<Value>(parameters);
  for (const node of nodes) {
    if (node.inputs.some((input) => values.has(input))) for (const output of node.outputs) values.add(output);
  }
  return values;
}

function known(dims: ReadonlyMap<Value, Dims>, value: Value): Dims {
  const found = dims.get(value);
  if (!found) throw new Error(`the dimensions of ${value} are not known`);
  return found;
}
