import type { AccuracyMeasure, Estimate } from '../protocol.ts';
import { aup } from './aup.ts';
import { bootstrap } from './bootstrap.ts';
import { MEASURES, type TaskAnswers } from './measures.ts';

/** The measure that suits the tasks. */
export function accuracyMeasure(points: readonly (readonly TaskAnswers[])[]): AccuracyMeasure {
  return points.flat(2).every(({ verdict }) => verdict !== null) ? 'passAt1' : 'exactMatch';
}

/**
 * AUP over the points, which answered the same tasks in the same order, with its interval of 95 %. `best`: y_max in
 * percent, also of the resampled tasks; undefined takes the most accurate point of each.
 */
export function areaOf(
  points: readonly (readonly TaskAnswers[])[],
  accuracy: AccuracyMeasure,
  tpf: 'tpfDenoise' | 'tpfTotal',
  best: number | undefined,
): Estimate {
  const area = (drawn: readonly (readonly TaskAnswers[])[]) => {
    const operating = drawn.map((tasks) => ({
      tpf: MEASURES[tpf](tasks),
      accuracy: 100 * MEASURES[accuracy](tasks),
    }));
    return aup(operating, best ?? Math.max(...operating.map((point) => point.accuracy)));
  };
  // A task is drawn at all points or at none.
  const columns = points[0].map((_, task) => points.map((tasks) => tasks[task]));
  const transposed = (drawn: readonly (readonly TaskAnswers[])[]) =>
    points.map((_, point) => drawn.map((column) => column[point]));
  return { value: area(points), interval: bootstrap(columns, (drawn) => area(transposed(drawn))) };
}
