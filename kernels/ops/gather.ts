import { sizeOf, zeros } from '../naive-tensor.ts';
import { nodeAxis } from './axes.ts';
import type { Operator } from './operator.ts';

/** Rows of a table by their numbers, along the first axis. Their gradients are added up where they came from. */
export const gather: Operator = {
  evaluate([table, ids], node) {
    if (nodeAxis(node, table.dims, 0) !== 0) throw new Error('Gather is supported along the first axis only');
    const rowDims = table.dims.slice(1);
    const size = sizeOf(rowDims);
    const result = zeros([...ids.dims, ...rowDims]);
    ids.data.forEach((id, i) => {
      result.data.set(table.data.subarray(id * size, (id + 1) * size), i * size);
    });
    return [result];
  },
  dims: ({ inputs: [table, ids] }) => [[...ids, ...table.slice(1)]],
  gradient({ graph, node, outputs }) {
    const [table, ids] = node.inputs;
    const empty = graph.op('ConstantOfShape', [graph.op('Shape', [table])]);
    const places = graph.op('Unsqueeze', [ids, graph.i64([-1])]);
    return [graph.op('ScatterND', [empty, places, outputs[0]!], { reduction: 'add' })];
  },
};
