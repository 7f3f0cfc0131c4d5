import { axisOf } from '../dims.ts';
import { expandTo, reduction } from './reduce.ts';

/** Mean of x, over axes whose length is known when the graph is made. */
export const reduceMean = reduction(
  (elements) => elements.reduce((sum, element) => sum + element, 0) / elements.length,
  ({ graph, dims, integers }, x, { dy }) => {
    const lengths = integers(1).map((axis) => dims(x)[axisOf(axis, dims(x))]);
    const count = lengths.reduce<number>((product, length) => product * Number(length), 1);
    if (Number.isNaN(count)) throw new Error(`a mean over [${lengths}] has no gradient`);
    return graph.op('Mul', [expandTo(graph, dy, x), graph.f32([1 / count], [])]);
  },
);
