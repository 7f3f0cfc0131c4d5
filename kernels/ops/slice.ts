import { axisOf } from '../dims.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import type { Operator } from './operator.ts';

/** Elements start … end − 1 along one axis. Inputs x, start [1], end [1], axis [1]. The gradient is padded with zeros. */
export const slice: Operator = {
  evaluate([x, start, end, axes]) {
    const axis = axisOf(axes.data[0], x.dims);
    const [from, to] = range(start.data[0], end.data[0], x.dims[axis]);
    return [
      tensorOf(
        x.dims.with(axis, to - from),
        (index) => x.data[offsetOf(x.dims, index.with(axis, index[axis] + from))],
      ),
    ];
  },
  dims({ inputs: [x], integers }) {
    const axis = axisOf(integers(3)[0], x);
    const [from, to] = range(integers(1)[0], integers(2)[0], x[axis] as number);
    return [x.with(axis, to - from)];
  },
  gradient({ graph, node, outputs, dims, integers }) {
    const x = dims(node.inputs[0]);
    const axis = axisOf(integers(3)[0], x);
    const length = x[axis];
    if (typeof length !== 'number') throw new Error(`a slice of ${length} elements has no gradient`);
    const [from, to] = range(integers(1)[0], integers(2)[0], length);
    const pads = Array<number>(2 * x.length).fill(0);
    pads[axis] = from;
    pads[x.length + axis] = length - to;
    return [graph.op('Pad', [outputs[0]!, graph.i64(pads)])];
  },
};

function range(start: number, end: number, length: number): [number, number] {
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  return [place(start), place(end)];
}
