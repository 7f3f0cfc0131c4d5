/** Evaluates a graph by the definitions of its operators, in double precision: the oracle of what a runtime computes. */
import type { Graph, Initializer, Value } from './graph.ts';
import type { NaiveTensor } from './naive-tensor.ts';
import { operatorOf } from './ops/index.ts';

/** Reads a constant that lies in a weight file. */
export type ReadConstant = (initializer: Initializer) => NaiveTensor;

/** All values of a graph, inputs included. Throws where an input is missing or a node is not in the operator table. */
export function evaluate(
  graph: Graph,
  inputs: ReadonlyMap<Value, NaiveTensor>,
  readStored: ReadConstant = refuse,
): Map<Value, NaiveTensor> {
  const values = new Map<Value, NaiveTensor>();
  for (const { name } of graph.inputs) {
    const input = inputs.get(name);
    if (!input) throw new Error(`the graph needs the input ${name}`);
    values.set(name, input);
  }
  for (const initializer of graph.initializers) {
    values.set(initializer.name, 'bytes' in initializer ? decode(initializer) : readStored(initializer));
  }
  for (const node of graph.nodes) {
    const results = operatorOf(node).evaluate(
      node.inputs.map((input) => values.get(input)!),
      node,
    );
    for (const [i, name] of node.outputs.entries()) values.set(name, results[i]);
  }
  return values;
}

function decode(constant: Initializer & { bytes: Uint8Array }): NaiveTensor {
  const { buffer } = Uint8Array.from(constant.bytes);
  const { dims } = constant;
  switch (constant.dtype) {
    case 'f32':
      return { dims, data: Float64Array.from(new Float32Array(buffer)) };
    case 'i64':
      return { dims, data: Float64Array.from(new BigInt64Array(buffer), Number) };
    default:
      throw new Error(`constants of type ${constant.dtype} are not evaluated`);
  }
}

function refuse({ name }: Initializer): never {
  throw new Error(`the constant ${name} lies in a file`);
}
