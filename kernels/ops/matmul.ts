import { broadcastDims } from '../dims.ts';
import type { Attribute, Graph, Node, Value } from '../graph.ts';
import { type NaiveTensor, offsetOf, tensorOf } from '../naive-tensor.ts';
import { floatAttribute, intAttribute, type Operator } from './operator.ts';
import { sumTo } from './sum-to.ts';

/**
 * MatMul and FusedMatMul: Y = α·op(A)·op(B) over the last two axes, where op may transpose; leading axes are batches,
 * with broadcasting.
 */
export const matMul: Operator = {
  evaluate([a, b], node) {
    const { transA, transB, alpha } = form(node);
    const [rows, inner] = lastTwo(a.dims, transA);
    const [, columns] = lastTwo(b.dims, transB);
    const batch = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2)) as readonly number[];
    return [
      tensorOf([...batch, rows, columns], (index) => {
        const at = index.slice(0, -2);
        const [row, column] = index.slice(-2);
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          sum += element(a, at, row, k, transA) * element(b, at, k, column, transB);
        }
        return alpha * sum;
      }),
    ];
  },

  dims({ inputs: [a, b], node }) {
    const { transA, transB } = form(node);
    return [
      [
        ...broadcastDims(a.slice(0, -2), b.slice(0, -2)),
        a[a.length - (transA ? 1 : 2)],
        b[b.length - (transB ? 2 : 1)],
      ],
    ];
  },

  gradient({ graph, node, outputs, needs, dims }) {
    const [a, b] = node.inputs;
    const dy = outputs[0]!;
    const { transA, transB, alpha } = form(node);
    const times = (left: Value, right: Value, flipLeft: boolean, flipRight: boolean) =>
      product(graph, left, right, flipLeft, flipRight, alpha);
    const batch = dims(node.outputs[0]).slice(0, -2);
    const sum = (full: Value, of: Value) => sumTo(graph, full, [...batch, ...dims(of).slice(-2)], dims(of));
    const da = () => (transA ? times(b, dy, transB, true) : times(dy, b, false, !transB));
    const db = () => (transB ? times(dy, a, true, transA) : times(a, dy, !transA, false));
    return [needs(0) ? sum(da(), a) : undefined, needs(1) ? sum(db(), b) : undefined];
  },
};

/** α·op(A)·op(B), as the plain operator where that is enough. */
function product(graph: Graph, a: Value, b: Value, transA: boolean, transB: boolean, alpha: number): Value {
  if (!transA && !transB && alpha === 1) return graph.op('MatMul', [a, b]);
  const attributes: Record<string, Attribute> = {
    transA: Number(transA),
    transB: Number(transB),
    alpha: { float: alpha },
  };
  return graph.contrib('FusedMatMul', [a, b], attributes);
}

function form(node: Node) {
  return {
    transA: intAttribute(node, 'transA', 0) === 1,
    transB: intAttribute(node, 'transB', 0) === 1,
    alpha: floatAttribute(node, 'alpha', 1),
  };
}

function lastTwo(dims: readonly number[], transposed: boolean): readonly number[] {
  const pair = dims.slice(-2);
  return transposed ? pair.reverse() : pair;
}

function element(
  x: NaiveTensor,
  batch: readonly number[],
  row: number,
  column: number,
  transposed: boolean,
): number {
  const index = transposed ? [...batch, column, row] : [...batch, row, column];
  return x.data[offsetOf(x.dims, index)];
}
