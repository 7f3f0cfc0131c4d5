import { zeros } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** Zeros of the given dimensions, which are those of another tensor where their gradients are wanted. */
export const constantOfShape: Operator = {
  dims: ({ shape }) => [shape(0)],
  evaluate: ([dims]) => [zeros([...dims.data])],
};
