import { forRows, zeros } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** The k largest elements of every row, by falling size, and their places; the smaller place first where two are equal. */
export const topK: Operator = {
  evaluate([x, k], node) {
    requireLastAxis(node, x.dims);
    const count = k.data[0];
    const values = zeros(x.dims.with(-1, count));
    const places = zeros(values.dims);
    let at = 0;
    forRows(x, (row) => {
      const best = [...row.keys()].sort((a, b) => row[b] - row[a] || a - b).slice(0, count);
      for (const place of best) {
        values.data[at] = row[place];
        places.data[at++] = place;
      }
    });
    return [values, places];
  },
  dims({ inputs: [x], integers }) {
    const dims = x.with(-1, integers(1)[0]);
    return [dims, dims];
  },
  stopsGradient: true,
};
