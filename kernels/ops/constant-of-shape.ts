import { zeros } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** Zeros of the given dimensions. */
export const constantOfShape: Operator = {
  evaluate: ([dims]) => [zeros([...dims.data])],
};
