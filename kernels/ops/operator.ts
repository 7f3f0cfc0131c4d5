import type { Dims } from '../dims.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { NaiveTensor } from '../naive-tensor.ts';

/**
 * What is known of an operator of the graph: its definition as plain loops in double precision, the dimensions it
 * yields and its gradient, which is again made of operators. It is emitted as the node of that name.
 */
export interface Operator {
  /** The definition. Integers are given as doubles. */
  evaluate(inputs: readonly NaiveTensor[], node: Node): NaiveTensor[];
  /** Dimensions of the outputs. Missing where nothing that is differentiated goes through the operator. */
  dims?(call: DimsCall): readonly Dims[];
  /** The results count as constants: nothing is differentiated through the operator. */
  stopsGradient?: boolean;
  /** Gradients by input, undefined where none is wanted. Missing for operators that cannot be differentiated. */
  gradient?(call: GradientCall): readonly (Value | undefined)[];
}

export interface DimsCall {
  node: Node;
  inputs: readonly Dims[];
  /** Values of an input that is a constant of integers. */
  integers(input: number): readonly number[];
  /** Dimensions that an input lists, which is the result of Shape. */
  shape(input: number): Dims;
}

export interface GradientCall {
  /** Where the gradient is emitted. */
  graph: Graph;
  node: Node;
  /** Gradients of the outputs, with the dimensions of the outputs; undefined where nothing depends on an output. */
  outputs: readonly (Value | undefined)[];
  /** Whether the gradient of an input is wanted. */
  needs(input: number): boolean;
  dims(value: Value): Dims;
  integers(input: number): readonly number[];
}

export function intAttribute(node: Node, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === 'number' ? value : otherwise;
}

export function floatAttribute(node: Node, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === 'object' && 'float' in value ? value.float : otherwise;
}

export function intsAttribute(node: Node, name: string): readonly number[] {
  const value = node.attributes[name];
  if (!Array.isArray(value)) throw new Error(`${node.op} needs the attribute ${name}`);
  return value;
}
