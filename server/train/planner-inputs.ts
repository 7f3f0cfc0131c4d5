import type { Feed } from '../../kernels/graph.ts';
import { PLANNER, type PlannerStep, plannerFeeds } from '../../kernels/planner.ts';
import type { DenoiserShape } from '../../kernels/shape.ts';
import { DECISIONS } from '../../kernels/training/decisions.ts';

/** A step in which a planner decides. */
export interface PlannedStep extends PlannerStep {
  /** The rows of the forward that it looks at, as many as there are in `eligible`. */
  rows: readonly number[];
}

/** Whether a planner chose a position. */
export interface PlannerChoice {
  /** Place of the row that decided among those of all steps; missing where nobody decided. */
  decider?: number;
  chosen: boolean;
}

/** The planner's own inputs of a training graph. */
export function plannerInputs(shape: DenoiserShape, steps: readonly PlannedStep[]): Record<string, Feed> {
  return { [PLANNER.rows]: { i64: steps.flatMap(({ rows }) => rows) }, ...plannerFeeds(shape, steps) };
}

/** What was decided; `steps` names the step of every choice, which matters where reveals are forced. */
export function choiceInputs(
  choices: readonly PlannerChoice[],
  steps?: readonly string[],
): Record<string, Feed> {
  const inputs: Record<string, Feed> = {
    [DECISIONS.row]: { i64: choices.map(({ decider = 0 }) => decider) },
    [DECISIONS.sign]: {
      f32: choices.map(({ decider, chosen }) => (decider === undefined ? 0 : chosen ? 1 : -1)),
    },
  };
  if (!steps) return inputs;
  const members = new Map<string, PlannerChoice[]>();
  for (const [i, choice] of choices.entries()) {
    if (choice.decider === undefined) continue;
    members.set(steps[i], [...(members.get(steps[i]) ?? []), choice]);
  }
  const rivals = choices.map(({ decider }, i) => (decider === undefined ? [] : members.get(steps[i])!));
  const most = Math.max(1, ...rivals.map(({ length }) => length));
  const places = rivals.map((some) => {
    const all = some.map(({ decider }) => decider!);
    return [...all, ...Array<number>(most - all.length).fill(all[all.length - 1] ?? 0)];
  });
  const isSole = (i: number) => choices[i].chosen && rivals[i].filter(({ chosen }) => chosen).length === 1;
  return {
    ...inputs,
    [DECISIONS.sole]: { f32: choices.map((_, i) => Number(isSole(i))) },
    [DECISIONS.rivals]: { i64: places.flat(), dims: [choices.length, most] },
    [DECISIONS.own]: {
      i64: choices.map((choice, i) => Math.max(0, rivals[i].indexOf(choice))),
      dims: [choices.length, 1],
    },
  };
}
