import { expandTo, reduction } from './reduce.ts';

/** Σ x. */
export const reduceSum = reduction(
  (elements) => elements.reduce((sum, element) => sum + element, 0),
  ({ graph }, x, { dy }) => expandTo(graph, dy, x),
);
