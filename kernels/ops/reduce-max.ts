import { reduction } from './reduce.ts';

/** Largest of x. All elements that equal it get its gradient; where two of them tie, none is the right one. */
export const reduceMax = reduction(
  (elements) => Math.max(...elements),
  ({ graph }, x, { y, dy }) => {
    const largest = graph.op('Cast', [graph.op('Equal', [x, y])], { to: 1 });
    return graph.op('Mul', [largest, dy]);
  },
);
