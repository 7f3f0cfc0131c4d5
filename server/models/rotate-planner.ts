import { PLANNER_NAMES } from '../../kernels/planner.ts';
import { transformRows } from './change-weights.ts';
import { residualRotation } from './orthogonal.ts';

/**
 * The tensors of a planner for the network that `rotateWeights` makes. `norm` is the weight w of the original last norm:
 * with h' = Rᵀ·diag(1/w)·h the input matrix becomes W·diag(w)·R.
 */
export function rotatePlanner(
  values: ReadonlyMap<string, Float32Array>,
  norm: Float32Array,
): ReadonlyMap<string, Float32Array> {
  const name = `${PLANNER_NAMES.input}.weight`;
  const input = values.get(name)!.slice();
  const rotate = residualRotation(norm.length);
  transformRows(input, norm.length, (row) => {
    for (let i = 0; i < norm.length; i++) row[i] *= norm[i];
    rotate(row);
  });
  return new Map(values).set(name, input);
}
