import type { TrainingBatch } from './feeds.ts';
import type { SampleRows } from './objectives/objective.ts';
import { choiceInputs, type PlannerChoice } from './planner-inputs.ts';

/** A batch that knows which term of the objective every selected row belongs to. */
export interface PackedBatch extends TrainingBatch {
  terms: readonly string[];
}

/**
 * The micro-batches of one step: samples are put together, in order, until `mostRows` are reached; a single sample may
 * have more. Every target's weight is divided by its term's denominator over all samples of the step, so that the sum
 * over the micro-batches does not depend on how they are cut.
 */
export function microBatches(
  samples: readonly SampleRows[],
  terms: Readonly<Record<string, number>>,
  mostRows: number,
): PackedBatch[] {
  const totals: Record<string, number> = {};
  for (const { denominators } of samples) {
    for (const [term, share] of Object.entries(denominators)) totals[term] = (totals[term] ?? 0) + share;
  }
  const groups: SampleRows[][] = [];
  let rows = 0;
  for (const sample of samples) {
    if (sample.targets.length === 0) continue;
    if (groups.length === 0 || rows + sample.ids.length > mostRows) {
      groups.push([]);
      rows = 0;
    }
    groups[groups.length - 1].push(sample);
    rows += sample.ids.length;
  }
  return groups.map((group) => pack(group, (term) => terms[term] / totals[term]));
}

/** One batch of rows that see only those of their own sample. */
function pack(samples: readonly SampleRows[], factor: (term: string) => number): PackedBatch {
  const starts: number[] = [];
  const owner: number[] = [];
  for (const [i, { ids }] of samples.entries()) {
    starts.push(owner.length);
    for (let row = 0; row < ids.length; row++) owner.push(i);
  }
  const targets = samples.flatMap((sample, i) =>
    sample.targets.map((target) => ({ ...target, row: target.row + starts[i] })),
  );
  const planned = samples.flatMap((sample, i) =>
    (sample.planned ?? []).map((step) => ({ ...step, rows: step.rows.map((row) => row + starts[i]) })),
  );
  return {
    ids: samples.flatMap(({ ids }) => ids),
    positions: samples.flatMap(({ positions }) => positions),
    visible(row, column) {
      const sample = owner[row];
      return (
        owner[column] === sample && samples[sample].visible(row - starts[sample], column - starts[sample])
      );
    },
    select: targets.map(({ row }) => row),
    target: targets.map(({ token }) => token),
    weight: targets.map(({ weight, term }) => weight * factor(term)),
    path: targets.map(({ path = 0, term }) => path * factor(term)),
    certainty: targets.map(({ certainty = 0, term }) => certainty * factor(term)),
    noisy: samples.flatMap(({ ids, noisy }) => ids.map((_, row) => noisy(row))),
    previous: targets.map(({ previous }) => previous),
    ...(targets.some(({ soft }) => soft) && { soft: softLabels(samples, starts, factor) }),
    ...(planned.length > 0 && { planned, inputs: choiceInputs(choicesOf(samples)) }),
    terms: targets.map(({ term }) => term),
  };
}

/** The choices of all targets; deciders count over the samples. */
function choicesOf(samples: readonly SampleRows[]): PlannerChoice[] {
  let before = 0;
  return samples.flatMap(({ targets, planned = [] }) => {
    const first = before;
    before += planned.reduce((sum, { rows }) => sum + rows.length, 0);
    return targets.map(({ choice }) => ({ decider: first + choice!.decider!, chosen: choice!.chosen }));
  });
}

/** Teachers by their places among the targets; a row without one has itself, with weight 0. */
function softLabels(
  samples: readonly SampleRows[],
  starts: readonly number[],
  factor: (term: string) => number,
): NonNullable<TrainingBatch['soft']> {
  const places = new Map<number, number>();
  const targets = samples.flatMap((sample, i) =>
    sample.targets.map((target) => ({ ...target, start: starts[i] })),
  );
  for (const [place, { row, start }] of targets.entries()) places.set(row + start, place);
  return {
    teacher: targets.map(({ soft, start }, place) => (soft ? places.get(soft.teacherRow + start)! : place)),
    weight: targets.map(({ soft, term }) => (soft ? soft.weight * factor(term) : 0)),
  };
}
