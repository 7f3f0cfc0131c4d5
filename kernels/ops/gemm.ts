import type { Attribute, Node, Value } from '../graph.ts';
import { offsetOf, tensorOf } from '../naive-tensor.ts';
import { floatAttribute, intAttribute, type Operator } from './operator.ts';

/** Y = α·op(A)·op(B) + C for matrices, where op may transpose and C, which may be missing, is broadcast. */
export const gemm: Operator = {
  evaluate([a, b, c], node) {
    const { transA, transB, alpha } = form(node);
    const [rows, inner] = transA ? [a.dims[1], a.dims[0]] : a.dims;
    const columns = transB ? b.dims[0] : b.dims[1];
    return [
      tensorOf([rows, columns], (index) => {
        const [row, column] = index;
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const left = transA ? k * rows + row : row * inner + k;
          const right = transB ? column * inner + k : k * columns + column;
          sum += a.data[left] * b.data[right];
        }
        return alpha * sum + (c ? c.data[offsetOf(c.dims, index)] : 0);
      }),
    ];
  },

  dims({ inputs: [a, b], node }) {
    const { transA, transB } = form(node);
    return [[a[transA ? 1 : 0], b[transB ? 0 : 1]]];
  },

  /** C is differentiated as a row vector, [columns], or as large as the product. */
  gradient({ graph, node, outputs, needs, dims }) {
    const [a, b, c] = node.inputs;
    const dy = outputs[0]!;
    const { transA, transB, alpha } = form(node);
    const times = (left: Value, right: Value, flipLeft: boolean, flipRight: boolean) => {
      const attributes: Record<string, Attribute> = { transA: Number(flipLeft), transB: Number(flipRight) };
      if (alpha !== 1) attributes.alpha = { float: alpha };
      return graph.op('Gemm', [left, right], attributes);
    };
    const da = () => (transA ? times(b, dy, transB, true) : times(dy, b, false, !transB));
    const db = () => (transB ? times(dy, a, true, transA) : times(a, dy, !transA, false));
    const dc = () =>
      dims(c).length === 1 ? graph.op('ReduceSum', [dy, graph.i64([0])], { keepdims: 0 }) : dy;
    return [needs(0) ? da() : undefined, needs(1) ? db() : undefined, needs(2) ? dc() : undefined];
  },
};

function form(node: Node) {
  return {
    transA: intAttribute(node, 'transA', 0) === 1,
    transB: intAttribute(node, 'transB', 0) === 1,
    alpha: floatAttribute(node, 'alpha', 1),
  };
}
