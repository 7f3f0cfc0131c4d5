import type { RunRow } from '../../server/protocol.ts';

/** The values of one figure over the steps of a run. */
export interface Series {
  steps: number[];
  values: number[];
}

/** Every finite number of the rows, by its name; those of inner objects as `outer.inner`. `step` counts the steps. */
export function seriesOf(rows: readonly RunRow[]): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [i, row] of rows.entries()) {
    const step = typeof row.step === 'number' && Number.isFinite(row.step) ? row.step : i;
    for (const [name, value] of numbersOf(row, '')) {
      if (name === 'step') continue;
      const series = found.get(name) ?? { steps: [], values: [] };
      series.steps.push(step);
      series.values.push(value);
      found.set(name, series);
    }
  }
  return found;
}

function* numbersOf(row: RunRow, prefix: string): Generator<[string, number]> {
  for (const [key, value] of Object.entries(row)) {
    if (typeof value === 'number' && Number.isFinite(value)) yield [prefix + key, value];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      yield* numbersOf(value as RunRow, `${prefix}${key}.`);
    }
  }
}

/** Figures that belong into one picture, the first match of a name counts. */
const PLOTS: readonly { title: string; names: RegExp }[] = [
  { title: 'Reward', names: /^rewards?\b/i },
  { title: 'Held-out tasks', names: /^(eval|evaluation|heldOut|held_out|passAt1|pass@1)\b(?!.*tpf)/i },
  { title: 'Loss', names: /^(loss|terms)\b/i },
  { title: 'Tokens per forward', names: /tpf/i },
  { title: 'KL', names: /^kl/i },
  { title: 'Verdicts', names: /^verdicts?\b/i },
  { title: 'Time of each phase', names: /^(ms|seconds|phases?)\b/i },
];

/** The pictures that these figures make, in a fixed order; what no picture claims has one of its own. */
export function plotsOf(names: readonly string[]): { title: string; names: string[] }[] {
  const claim = (name: string) => PLOTS.findIndex((plot) => plot.names.test(name));
  const shared = PLOTS.map(({ title }, i) => ({ title, names: names.filter((name) => claim(name) === i) }));
  const own = names.filter((name) => claim(name) < 0).map((name) => ({ title: name, names: [name] }));
  return [...shared.filter((plot) => plot.names.length > 0), ...own];
}

/** Several series on one axis of steps: the steps, and a column for each with null where it has no value. */
export function alignSeries(all: readonly Series[]): { steps: number[]; columns: (number | null)[][] } {
  const steps = [...new Set(all.flatMap((series) => series.steps))].sort((a, b) => a - b);
  const columns = all.map((series) => {
    const values = new Map(series.steps.map((step, i) => [step, series.values[i]]));
    return steps.map((step) => values.get(step) ?? null);
  });
  return { steps, columns };
}
