import type { Operator } from './operator.ts';

/** y = x: gives a value a second name. */
export const identity: Operator = {
  evaluate: ([x]) => [x],
  dims: ({ inputs }) => [inputs[0]],
  gradient: ({ outputs }) => [outputs[0]],
};
