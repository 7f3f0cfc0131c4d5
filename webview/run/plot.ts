import uPlot from 'uplot';
import { element } from '../dom.ts';
import { drawIntervals, type Interval } from './intervals.ts';

/** One line of a plot. */
export interface Line {
  label: string;
  values: (number | null)[];
  /** Drawn as bars at the values. */
  intervals?: (Interval | null)[];
}

/** Colours of the theme that tell lines apart; from the seventh on they repeat with other dashes. */
const COLOURS = ['blue', 'orange', 'green', 'red', 'purple', 'yellow'];
const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3]];
const HEIGHT = 190;
/** Share of the range that is left free at both ends. */
const AIR = 0.1;

/** Draws lines over an axis, with a legend that tells the values under the pointer. Points only where `scatter`. */
export function plotNode(
  title: string,
  axis: string,
  x: number[],
  lines: readonly Line[],
  width: number,
  scatter = false,
): HTMLElement {
  const theme = getComputedStyle(document.body);
  const colour = (name: string) => theme.getPropertyValue(`--vscode-${name}`).trim();
  const grid = { stroke: colour('panel-border') || colour('contrastBorder'), width: 1 };
  const axes = [{ label: axis }, { size: 60 }].map((each) => ({
    ...each,
    stroke: colour('foreground'),
    grid,
    ticks: grid,
  }));
  const series = lines.map(({ label }, i) => ({
    label,
    stroke: colour(`charts-${COLOURS[i % COLOURS.length]}`),
    // Lines differ by their dashes as well as by colour.
    dash: DASHES[i % DASHES.length],
    width: 1.5,
    spanGaps: true,
    points: { show: scatter || x.length < 30 },
  }));
  const node = element(
    'figure',
    { class: 'plot' },
    element('figcaption', {}, title),
    element('p', { class: 'spoken' }, lines.map((line) => lineWords(line, axis, x)).join('; ')),
  );
  const options: uPlot.Options = {
    width,
    height: HEIGHT,
    scales: { x: { time: false }, y: { range: (_plot, low, high) => rangeOf(lines, low, high) } },
    axes,
    series: [{ label: axis }, ...series],
    hooks: { draw: [(plot) => drawIntervals(plot, lines)] },
  };
  new uPlot(options, [x, ...lines.map(({ values }) => values)], node);
  return node;
}

/** Values from `low` to `high`, the intervals, and some air. */
function rangeOf(lines: readonly Line[], low: number, high: number): uPlot.Range.MinMax {
  const ends = lines.flatMap(({ intervals = [] }) => intervals.flatMap((interval) => interval ?? []));
  return uPlot.rangeNum(Math.min(low, ...ends), Math.max(high, ...ends), AIR, true);
}

/** A line for somebody who does not see it. */
function lineWords({ label, values }: Line, axis: string, x: number[]): string {
  const known = values.flatMap((value, i) =>
    value === null ? [] : [`${value.toPrecision(3)} at ${axis} ${x[i]}`],
  );
  return `${label}: ${[...new Set([known[0], known.at(-1)])].join(', ')}`;
}
