import { indices, offsetOf, zeros } from '../naive-tensor.ts';
import { nodeAxis } from './axes.ts';
import { intAttribute, type Operator } from './operator.ts';

/** Pieces along an axis: of the given sizes, or `num_outputs` equal ones. The gradients are joined again. */
export const split: Operator = {
  evaluate([x, sizes], node) {
    const axis = nodeAxis(node, x.dims, 0);
    const lengths = sizes ? [...sizes.data] : equal(x.dims[axis], intAttribute(node, 'num_outputs', 1));
    let start = 0;
    return lengths.map((length) => {
      const piece = zeros(x.dims.with(axis, length));
      let at = 0;
      for (const index of indices(piece.dims)) {
        piece.data[at++] = x.data[offsetOf(x.dims, index.with(axis, index[axis] + start))];
      }
      start += length;
      return piece;
    });
  },
  dims({ inputs: [x], node, integers }) {
    const axis = nodeAxis(node, x, 0);
    const lengths =
      node.inputs.length > 1 ? integers(1) : equal(x[axis] as number, intAttribute(node, 'num_outputs', 1));
    return lengths.map((length) => x.with(axis, length));
  },
  gradient({ graph, node, outputs, dims }) {
    const axis = nodeAxis(node, dims(node.inputs[0]), 0);
    const parts = node.outputs.map(
      (output, i) => outputs[i] ?? graph.op('Mul', [output, graph.f32([0], [])]),
    );
    return [graph.op('Concat', parts, { axis })];
  },
};

function equal(length: number, count: number): number[] {
  return Array<number>(count).fill(length / count);
}
