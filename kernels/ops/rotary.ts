import { zeros } from '../naive-tensor.ts';
import { intAttribute, type Operator } from './operator.ts';

/**
 * RotaryEmbedding of x [batch, rows, heads·headDim] by the angles of rows `start … start + rows − 1` of the tables cos
 * and sin, [positions, headDim / 2]: turns the pairs (i, i + headDim / 2) of every head. Inputs x, start [1], cos, sin.
 * The gradient is turned back by the same angles.
 */
export const rotary: Operator = {
  evaluate([x, start, cos, sin], node) {
    const [batches, rows, width] = x.dims;
    const heads = intAttribute(node, 'num_heads', 0);
    const half = width / heads / 2;
    const y = zeros(x.dims);
    for (let row = 0; row < batches * rows; row++) {
      const angle = (start.data[0] + (row % rows)) * half;
      for (let head = 0; head < heads; head++) {
        for (let i = 0; i < half; i++) {
          const [c, s] = [cos.data[angle + i], sin.data[angle + i]];
          const low = row * width + head * 2 * half + i;
          const high = low + half;
          y.data[low] = x.data[low] * c - x.data[high] * s;
          y.data[high] = x.data[high] * c + x.data[low] * s;
        }
      }
    }
    return [y];
  },
  dims: ({ inputs }) => [inputs[0]],
  gradient({ graph, node, outputs }) {
    const [, start, cos, sin] = node.inputs;
    return [
      graph.contrib('RotaryEmbedding', [outputs[0]!, start, cos, graph.op('Neg', [sin])], node.attributes),
    ];
  },
};
