import type { EvalAnswer } from '../protocol.ts';
import { bootstrap, type Interval } from './bootstrap.ts';
import { byTask, MEASURES, type Measure, type TaskAnswers } from './measures.ts';

/** A measure of two sets of answers to the same tasks, and how much the second is above the first. */
export interface Difference {
  measure: Measure;
  first: number;
  second: number;
  difference: number;
  /** 95 %, by bootstrap over the tasks; a task is drawn with both answers or with none. */
  interval: Interval;
}

/** Every measure that can be had, over the tasks that are in both. */
export function compare(first: readonly EvalAnswer[], second: readonly EvalAnswer[]): Difference[] {
  const others = new Map(byTask(second).map((answers) => [answers[0].task_id, answers]));
  const pairs = byTask(first).flatMap((answers): [TaskAnswers, TaskAnswers][] => {
    const other = others.get(answers[0].task_id);
    return other ? [[answers, other]] : [];
  });
  return (Object.keys(MEASURES) as Measure[]).flatMap((measure) => {
    const both = (drawn: readonly [TaskAnswers, TaskAnswers][]) =>
      [0, 1].map((side) => MEASURES[measure](drawn.map((pair) => pair[side])));
    const difference = (drawn: readonly [TaskAnswers, TaskAnswers][]) => {
      const [a, b] = both(drawn);
      return b - a;
    };
    const [a, b] = both(pairs);
    if (Number.isNaN(b - a)) return [];
    return [{ measure, first: a, second: b, difference: b - a, interval: bootstrap(pairs, difference) }];
  });
}
