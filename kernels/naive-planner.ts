/** The planner head of kernels/planner.ts in plain loops and double precision, for the rows of one step. */
import { naiveLayer, type WeightReader } from './naive-forward.ts';
import { linear, silu } from './naive-math.ts';
import { PLANNER_NAMES, type PlannerStep, timeFeatures } from './planner.ts';
import type { DenoiserShape } from './shape.ts';

/**
 * The number of every row, from their last hidden states, normed, [rows, hiddenSize], and where they stand in the text. Those of
 * rows that are not eligible mean nothing.
 */
export function naivePlanner(
  shape: DenoiserShape,
  weight: WeightReader,
  hidden: Float64Array,
  positions: readonly number[],
  { eligible, time }: PlannerStep,
): Float64Array {
  const size = shape.hiddenSize;
  const module = (input: Float64Array, name: string) => {
    const [matrix, bias] = [weight(`${name}.weight`), weight(`${name}.bias`)];
    return linear(input, matrix, matrix.length / bias.length, bias.length, bias);
  };
  const ofTime = module(
    module(Float64Array.from(timeFeatures(time)), PLANNER_NAMES.timeIn).map(silu),
    PLANNER_NAMES.timeOut,
  );
  const ofMask = weight(PLANNER_NAMES.mask);
  const condition = Float64Array.from(
    { length: hidden.length },
    (_, i) => ofTime[i % size] + ofMask[Number(eligible[Math.floor(i / size)]) * size + (i % size)],
  );
  const adapted = (state: Float64Array, name: string) => {
    const both = module(condition, name);
    return layerNorm(state, size).map((x, i) => {
      const at = 2 * size * Math.floor(i / size) + (i % size);
      return x * (1 + both[at]) + both[at + size];
    });
  };
  const own = linear(hidden, weight(`${PLANNER_NAMES.input}.weight`), size, size);
  const state = adapted(own, PLANNER_NAMES.before);
  const ofLayer: WeightReader = (name) => weight(name.replace('model.layers.0', 'planner.layer'));
  naiveLayer(shape, 0, ofLayer, state, { positions, visible: () => true });
  return module(adapted(state, PLANNER_NAMES.after), PLANNER_NAMES.out);
}

function layerNorm(state: Float64Array, size: number): Float64Array {
  const result = new Float64Array(state.length);
  for (let first = 0; first < state.length; first += size) {
    const row = state.subarray(first, first + size);
    const mean = row.reduce((sum, x) => sum + x, 0) / size;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size;
    result.set(
      row.map((x) => (x - mean) / Math.sqrt(variance + 1e-4)),
      first,
    );
  }
  return result;
}
