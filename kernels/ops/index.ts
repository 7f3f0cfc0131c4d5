import { add } from './add.ts';
import { cast } from './cast.ts';
import { concat } from './concat.ts';
import { constantOfShape } from './constant-of-shape.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { exp } from './exp.ts';
import { expand } from './expand.ts';
import { max, min } from './extremum.ts';
import { gather } from './gather.ts';
import { gatherElements } from './gather-elements.ts';
import { gemm } from './gemm.ts';
import { identity } from './identity.ts';
import { lessOrEqual } from './less-or-equal.ts';
import { log } from './log.ts';
import { logSoftmax } from './log-softmax.ts';
import { matMul } from './matmul.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import type { Operator } from './operator.ts';
import { pad } from './pad.ts';
import { reciprocal } from './reciprocal.ts';
import { reduceMax } from './reduce-max.ts';
import { reduceMean } from './reduce-mean.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';
import { rmsNorm } from './rms-norm.ts';
import { rotary } from './rotary.ts';
import { scatterElements, scatterRows } from './scatter-add.ts';
import { shape } from './shape.ts';
import { sigmoid } from './sigmoid.ts';
import { quickGelu } from './silu.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { sqrt } from './sqrt.ts';
import { squeeze } from './squeeze.ts';
import { sub } from './sub.ts';
import { topK } from './top-k.ts';
import { transpose } from './transpose.ts';
import { unsqueeze } from './unsqueeze.ts';

/** Every operator that can be differentiated, or that a gradient is made of, by the name of its node. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: div,
  Min: min,
  Max: max,
  Neg: neg,
  Exp: exp,
  Log: log,
  Sqrt: sqrt,
  Reciprocal: reciprocal,
  Sigmoid: sigmoid,
  QuickGelu: quickGelu,
  MatMul: matMul,
  FusedMatMul: matMul,
  Gemm: gemm,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  SimplifiedLayerNormalization: rmsNorm,
  RotaryEmbedding: rotary,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterND: scatterRows,
  ScatterElements: scatterElements,
  ReduceSum: reduceSum,
  ReduceMean: reduceMean,
  ReduceMax: reduceMax,
  Cast: cast,
  Identity: identity,
  TopK: topK,
  // Only evaluated: parts of gradients.
  Pad: pad,
  Equal: equal,
  LessOrEqual: lessOrEqual,
  Expand: expand,
  Shape: shape,
  ConstantOfShape: constantOfShape,
};

/** The operator of a node. Throws for one that is not in the table. */
export function operatorOf(node: { op: string }): Operator {
  const operator = OPERATORS[node.op];
  if (!operator) throw new Error(`the operator ${node.op} is not known to the training graph`);
  return operator;
}
