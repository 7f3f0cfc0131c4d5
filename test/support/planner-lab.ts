import { naiveForward, type WeightReader } from '../../kernels/naive-forward.ts';
import { naivePlanner } from '../../kernels/naive-planner.ts';
import { plannerParameters } from '../../kernels/planner.ts';
import { type PlannerUnmasking, UNMASKINGS } from '../../server/decode/unmasking/index.ts';
import type { LearnedPolicy } from '../../server/decode/unmasking/learned-policy.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { PlannedStep } from '../../server/train/planner-inputs.ts';
import type { PolicyRows } from '../../server/train/rl/policy-rows.ts';
import { randomValues } from './objective-lab.ts';

/**
 * What the planner says of all rows that it looks at, step by step, from the states of the plain network, [rows,
 * hiddenSize].
 */
export function naivePlannerLogits(
  spec: DenoiserSpec,
  weight: WeightReader,
  rows: Parameters<typeof naiveForward>[2],
  planned: readonly PlannedStep[],
  hidden: Float64Array = naiveForward(spec, weight, rows).hidden,
): number[] {
  const size = spec.hiddenSize;
  return planned.flatMap((step) => {
    const states = step.rows.flatMap((row) => [...hidden.subarray(row * size, (row + 1) * size)]);
    const positions = step.rows.map((row) => rows.positions[row]);
    return [...naivePlanner(spec, weight, Float64Array.from(states), positions, step)];
  });
}

/** A planner with random tensors, which decides in decoding. */
export function tinyPlanner(
  spec: DenoiserSpec,
  seed: number,
  unmasking: PlannerUnmasking,
): { policy: LearnedPolicy; weight: WeightReader } {
  const values = randomValues(plannerParameters(spec), seed);
  const weight: WeightReader = (name) => values.get(name)!;
  return { policy: planned(spec, weight, unmasking), weight };
}

/** A planner by its definition. */
export function planned(
  spec: DenoiserSpec,
  weight: WeightReader,
  unmasking: PlannerUnmasking,
): LearnedPolicy {
  return {
    unmasking,
    temperature: 1,
    window: spec.blockSize,
    confidences: 0,
    hidden: true,
    seesRows: true,
    async logits({ seen }) {
      const { hidden, positions, predictors } = seen!;
      const logits = naivePlanner(spec, weight, Float64Array.from(hidden), positions, seen!);
      return predictors.map((row) => logits[row] ?? Number.NaN);
    },
  };
}

/** Log-probability of what was decided in every state, at its first decision; 0 for all others. */
export function naiveDecisions(
  { scored }: PolicyRows,
  logits: readonly number[],
  unmasking: PlannerUnmasking,
): number[] {
  const states = scored.map(
    ({ response, state, decider }) => decider !== undefined && `${response} ${state}`,
  );
  return scored.map((_, i) => {
    if (!states[i] || states.indexOf(states[i]) < i) return 0;
    const members = scored.filter((_, other) => states[other] === states[i]);
    const action = [...members.keys()].filter((place) => members[place].chosen);
    return UNMASKINGS[unmasking].logProb(
      members.map(({ decider }) => logits[decider!]),
      action,
    );
  });
}
