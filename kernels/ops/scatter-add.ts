import type { Node } from '../graph.ts';
import { indices, offsetOf, sizeOf } from '../naive-tensor.ts';
import { requireLastAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** ScatterND with reduction `add`: adds rows to the rows of a table that `places`, [rows, 1], names. */
export const scatterRows: Operator = {
  evaluate([table, places, rows], node) {
    requireAdd(node);
    const size = sizeOf(table.dims.slice(1));
    const data = Float64Array.from(table.data);
    places.data.forEach((place, row) => {
      for (let i = 0; i < size; i++) data[place * size + i] += rows.data[row * size + i];
    });
    return [{ dims: table.dims, data }];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs, needs }) {
    const rows = () =>
      graph.op('Gather', [outputs[0]!, graph.op('Squeeze', [node.inputs[1], graph.i64([-1])])], { axis: 0 });
    return [outputs[0], undefined, needs(2) ? rows() : undefined];
  },
};

/** ScatterElements with reduction `add`: x[…, place[…, j]] += y[…, j] along the last axis. */
export const scatterElements: Operator = {
  evaluate([x, places, y], node) {
    requireAdd(node);
    requireLastAxis(node, x.dims);
    const data = Float64Array.from(x.data);
    let at = 0;
    for (const index of indices(places.dims)) {
      data[offsetOf(x.dims, [...index.slice(0, -1), places.data[at]])] += y.data[at++];
    }
    return [{ dims: x.dims, data }];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs, needs }) {
    const picked = () => graph.op('GatherElements', [outputs[0]!, node.inputs[1]], { axis: -1 });
    return [outputs[0], undefined, needs(2) ? picked() : undefined];
  },
};

function requireAdd(node: Node): void {
  if (node.attributes.reduction !== 'add') throw new Error(`${node.op} is supported with addition only`);
}
