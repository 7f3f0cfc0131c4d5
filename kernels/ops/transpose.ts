import { offsetOf, tensorOf } from '../naive-tensor.ts';
import { intsAttribute, type Operator } from './operator.ts';

/** Axis i of the result is axis perm[i] of x. */
export const transpose: Operator = {
  evaluate([x], node) {
    const perm = intsAttribute(node, 'perm');
    return [
      tensorOf(
        perm.map((axis) => x.dims[axis]),
        (index) =>
          x.data[
            offsetOf(
              x.dims,
              inverse(perm).map((place) => index[place]),
            )
          ],
      ),
    ];
  },
  dims: ({ inputs: [x], node }) => [intsAttribute(node, 'perm').map((axis) => x[axis])],
  gradient({ graph, node, outputs }) {
    return [graph.op('Transpose', [outputs[0]!], { perm: inverse(intsAttribute(node, 'perm')) })];
  },
};

function inverse(perm: readonly number[]): number[] {
  return perm.map((_, axis) => perm.indexOf(axis));
}
