import { Random } from '../decode/random.ts';

/** 95 % of the resampled values lie in here, both ends included. */
export type Interval = [low: number, high: number];

const RESAMPLES = 1000;
const COVERAGE = 0.95;

/**
 * Percentile bootstrap: the interval of `statistic` over samples of the items that are drawn with replacement and as
 * many as there are. Give tasks, not samples of tasks: those of one task are not independent. Values that are not
 * numbers are left out; NaN where none is left.
 */
export function bootstrap<T>(
  items: readonly T[],
  statistic: (drawn: readonly T[]) => number,
  seed = 0,
): Interval {
  const random = new Random(seed);
  const values: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const value = statistic(items.map(() => items[Math.floor(random.uniform() * items.length)]));
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  const at = (share: number) =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
  return [at((1 - COVERAGE) / 2), at((1 + COVERAGE) / 2)];
}
