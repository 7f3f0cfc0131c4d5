import { DTYPE } from '../graph.ts';
import { intAttribute, type Operator } from './operator.ts';

/** Another element type. The naive evaluation keeps its doubles, except that integers are cut off towards zero. */
export const cast: Operator = {
  evaluate: ([x], node) => {
    const to = intAttribute(node, 'to', DTYPE.f32);
    const floating = to === DTYPE.f32 || to === DTYPE.f16 || to === DTYPE.bf16;
    return [floating ? x : { dims: x.dims, data: x.data.map(Math.trunc) }];
  },
  dims: ({ inputs }) => [inputs[0]],
  /** Differentiated values are all f32, so that nothing is to be done but to pass the gradient on. */
  gradient: ({ outputs }) => [outputs[0]],
};
