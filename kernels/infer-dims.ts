import type { Dims } from './dims.ts';
import type { Graph, Node, Value } from './graph.ts';
import { operatorOf } from './ops/index.ts';

/**
 * Dimensions of all values of a graph, from those of its inputs and constants. A value behind an operator that tells
 * none has none; throws where tensors do not fit.
 */
export function inferDims(graph: Graph): Map<Value, Dims> {
  const known = new Map<Value, Dims>();
  const shapes = new Map<Value, Dims>();
  for (const { name, dims } of [...graph.inputs, ...graph.initializers]) known.set(name, dims);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => known.get(input));
    const operator = operatorOf(node);
    if (!operator.dims || inputs.some((dims) => dims === undefined)) continue;
    const integers = (input: number) => requireIntegers(graph, node, input);
    const shape = (input: number) => shapes.get(node.inputs[input])!;
    const outputs = operator.dims({ node, inputs: inputs as Dims[], integers, shape });
    if (node.op === 'Shape') shapes.set(node.outputs[0], inputs[0]!);
    for (const [i, name] of node.outputs.entries()) known.set(name, outputs[i]);
  }
  return known;
}

/** Values of an input that must be a constant for a node to be differentiated. */
export function requireIntegers(graph: Graph, node: Node, input: number): readonly number[] {
  const values = graph.integers(node.inputs[input]);
  if (!values) throw new Error(`input ${input} of ${node.op} must be a constant of integers`);
  return values;
}
