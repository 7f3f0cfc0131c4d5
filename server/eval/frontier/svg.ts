import type { Estimate, Frontier, FrontierCurve, FrontierPoint } from '../../protocol.ts';
import { ACCURACY_WORDS } from './describe.ts';
import { markerOf } from './markers.ts';
import { ticks } from './ticks.ts';

/** What accuracy is drawn against, a panel each; one that no point has is left out. */
const AXES: readonly { title: string; of(point: FrontierPoint): Estimate | null }[] = [
  { title: 'tokens per denoising forward', of: ({ tpf }) => tpf.denoise },
  { title: 'tokens per forward, all calls', of: ({ tpf }) => tpf.total },
  { title: 'tokens per second', of: ({ tokensPerSecond }) => tokensPerSecond },
];

/** Of the area that is drawn on, and of what is around it, in user units. */
const [WIDTH, HEIGHT] = [300, 230];
const [LEFT, TOP, RIGHT, BOTTOM] = [52, 56, 16, 46];
const LEGEND_LINE = 20;
const MOST_TICKS = 7;

/** The picture follows the reader's colours and has a background of its own, so its text can be read anywhere. */
const STYLE = `
    .ground { fill: #ffffff }
    text { fill: #1f2328; font: 12px system-ui, sans-serif }
    .title { font-weight: 600 }
    .grid { stroke: #d0d7de }
    .line { fill: none; stroke-width: 1.5 }
    .interval { stroke-width: 1; opacity: 0.55 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #1f2328 }
      text { fill: #e6edf3 }
      .grid { stroke: #444c56 }
    }`;

interface Scale {
  ticks: number[];
  /** Place of a value on the picture. */
  at(value: number): number;
}

/** A frontier as an SVG document: a panel for each speed, the intervals as bars, a legend with the AUP of each curve. */
export function frontierSvg(frontier: Frontier): string {
  const { suite, model, tasks, accuracy, curves } = frontier;
  const all = curves.flatMap(({ points }) => points);
  const axes = AXES.filter(({ of }) => all.every((point) => of(point) !== null));
  const width = axes.length * (LEFT + WIDTH + RIGHT);
  const legendTop = TOP + HEIGHT + BOTTOM + LEGEND_LINE;
  const height = legendTop + Math.ceil(curves.length / axes.length) * LEGEND_LINE;
  const vertical = scaleOf(
    all.map((point) => point.accuracy),
    [TOP + HEIGHT, TOP],
  );
  const panels = axes.map((axis, i) => panel(curves, axis, vertical, i * (LEFT + WIDTH + RIGHT)));
  const entries = curves.map((curve, i) => {
    const x = LEFT + (i % axes.length) * (LEFT + WIDTH + RIGHT);
    return legendEntry(curve, i, x, legendTop + Math.floor(i / axes.length) * LEGEND_LINE);
  });
  const title = escapeXml(`${suite}, ${model}: accuracy (${ACCURACY_WORDS[accuracy]}, %) against speed`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
  <title id="title">${title}</title>
  <style>${STYLE}
  </style>
  <rect class="ground" width="${width}" height="${height}"/>
  <text class="title" x="${LEFT}" y="20">${title}</text>
  <text x="${LEFT}" y="38">${tasks} tasks; bars are intervals of 95 %</text>
${[...panels.flat(), ...entries].map((line) => `  ${line}\n`).join('')}</svg>
`;
}

/** One speed's picture, `left` from the document's edge. */
function panel(
  curves: readonly FrontierCurve[],
  { title, of }: (typeof AXES)[number],
  vertical: Scale,
  left: number,
): string[] {
  const all = curves.flatMap(({ points }) => points.map((point) => of(point)!));
  const [start, end, bottom] = [left + LEFT, left + LEFT + WIDTH, TOP + HEIGHT];
  const horizontal = scaleOf(all, [start, end]);
  return [
    ...vertical.ticks.flatMap((tick) => [
      line('grid', [start, vertical.at(tick)], [end, vertical.at(tick)]),
      `<text class="y-tick" x="${start - 6}" y="${round(vertical.at(tick) + 4)}" text-anchor="end">${tick}</text>`,
    ]),
    ...horizontal.ticks.flatMap((tick) => [
      line('grid', [horizontal.at(tick), TOP], [horizontal.at(tick), bottom]),
      `<text class="x-tick" x="${round(horizontal.at(tick))}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ]),
    `<text x="${(start + end) / 2}" y="${bottom + 36}" text-anchor="middle">${title}</text>`,
    ...curves.flatMap((curve, i) => drawCurve(curve, i, (point) => of(point)!, horizontal, vertical)),
  ];
}

function drawCurve(
  { name, points }: FrontierCurve,
  index: number,
  of: (point: FrontierPoint) => Estimate,
  horizontal: Scale,
  vertical: Scale,
): string[] {
  const { colour, path } = markerOf(index);
  const placed = points
    .toSorted((a, b) => of(a).value - of(b).value)
    .map((point) => ({
      ...point,
      speed: of(point),
      x: horizontal.at(of(point).value),
      y: vertical.at(point.accuracy.value),
    }));
  const corners = placed.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ');
  return [
    `<polyline class="line" stroke="${colour}" points="${corners}"/>`,
    ...placed.flatMap(({ label, accuracy, speed, x, y }) => {
      const [left, right] = speed.interval.map(horizontal.at);
      const [low, high] = accuracy.interval.map(vertical.at);
      const words = `${name} ${label}: ${accuracy.value.toFixed(1)} % at ${speed.value.toFixed(2)}`;
      return [
        line('interval', [left, y], [right, y], colour),
        line('interval', [x, low], [x, high], colour),
        `<path class="marker" fill="${colour}" transform="translate(${round(x)} ${round(y)})" d="${path}">` +
          `<title>${escapeXml(words)}</title></path>`,
      ];
    }),
  ];
}

function legendEntry({ name, aup }: FrontierCurve, index: number, x: number, y: number): string {
  const { colour, path } = markerOf(index);
  const words = `${name}, AUP ${aup.denoise.value.toFixed(1)} denoising, ${aup.total.value.toFixed(1)} all calls`;
  return (
    `<path fill="${colour}" transform="translate(${x + 6} ${y - 4})" d="${path}"/>` +
    `<text x="${x + 18}" y="${y}">${escapeXml(words)}</text>`
  );
}

/** A scale that shows the estimates with their intervals between these places. */
function scaleOf(estimates: readonly Estimate[], [from, to]: [number, number]): Scale {
  const ends = estimates.flatMap(({ value, interval }) => [value, ...interval]);
  const marks = ticks(Math.min(...ends), Math.max(...ends), MOST_TICKS);
  const [low, high] = [marks[0], marks[marks.length - 1]];
  return { ticks: marks, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

function line(name: string, [x1, y1]: number[], [x2, y2]: number[], stroke?: string): string {
  const colour = stroke === undefined ? '' : ` stroke="${stroke}"`;
  return `<line class="${name}"${colour} x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

/** Hundredths of a unit cannot be seen. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}
