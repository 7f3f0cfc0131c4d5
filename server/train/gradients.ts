import { sizeOf } from '../../kernels/naive-tensor.ts';
import type { Parameter } from '../../kernels/training/parameters.ts';
import { TRAINING } from '../../kernels/training/training-graph.ts';
import { type Ort, type Tensor, tensors } from '../engine/ort.ts';

/** By parameter, as large as the parameter. */
export type Gradients = ReadonlyMap<string, Float32Array>;

/** Room for the gradients of a run. */
export function newGradients(parameters: readonly Parameter[]): Gradients {
  return new Map(parameters.map(({ name, dims }) => [name, new Float32Array(sizeOf(dims))]));
}

/** The outputs of a training graph that are gradients, to be written into the arrays of `gradients`. */
export function gradientOutputs(
  ort: Ort,
  parameters: readonly Parameter[],
  gradients: Gradients,
): Record<string, Tensor> {
  const { f32 } = tensors(ort);
  return Object.fromEntries(
    parameters.map(({ name, dims }) => [TRAINING.gradient(name), f32(gradients.get(name)!, dims)]),
  );
}
