import { axisOf, type Dims } from '../dims.ts';
import type { Node } from '../graph.ts';
import { intAttribute } from './operator.ts';

/** Several operators are needed over the last axis only; another one is a mistake of the program. */
export function requireLastAxis(node: Node, dims: Dims): void {
  if (axisOf(intAttribute(node, 'axis', -1), dims) !== dims.length - 1) {
    throw new Error(`${node.op} is supported over the last axis only`);
  }
}

/** The axis of a node in a tensor of these dimensions, counted from the front. */
export function nodeAxis(node: Node, dims: Dims, otherwise: number): number {
  return axisOf(intAttribute(node, 'axis', otherwise), dims);
}
