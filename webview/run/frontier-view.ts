import type { Estimate, Frontier, FrontierPoint } from '../../server/protocol.ts';
import { element } from '../dom.ts';
import { type Line, plotNode } from './plot.ts';

/** What accuracy is drawn against, a plot each; one that no point has is left out. */
const AXES: readonly {
  axis: string;
  of(point: FrontierPoint): Estimate | null;
  aup?: 'denoise' | 'total';
}[] = [
  { axis: 'tokens per denoising forward', of: ({ tpf }) => tpf.denoise, aup: 'denoise' },
  { axis: 'tokens per forward, all calls', of: ({ tpf }) => tpf.total, aup: 'total' },
  { axis: 'tokens per second', of: ({ tokensPerSecond }) => tokensPerSecond },
];

const ACCURACY = { passAt1: 'pass@1', exactMatch: 'exact match' };

/** What a frontier was measured on, in one line. */
export function frontierWords(frontier: Frontier): string {
  const { suite, model, tasks, samples, accuracy, bestAccuracy } = frontier;
  const answers = samples > 1 ? `, ${samples} samples each` : '';
  return (
    `${suite}, ${model}: ${tasks} tasks${answers}, accuracy by ${ACCURACY[accuracy]}, ` +
    `y_max ${bestAccuracy.toFixed(1)} %, intervals of 95 %`
  );
}

/** Accuracy in percent against each kind of speed, a line for each curve. */
export function frontierPlots({ curves }: Frontier, width: number): HTMLElement[] {
  const all = curves.flatMap(({ points }) => points);
  const axes = AXES.filter(({ of }) => all.every((point) => of(point) !== null));
  return axes.map(({ axis, of, aup }) => {
    const speed = (point: FrontierPoint) => of(point)!.value;
    const sorted = all.toSorted((a, b) => speed(a) - speed(b));
    // A column for each point, also where two have the same speed.
    const lines = curves.map((curve): Line => {
      const own = sorted.map((point) => (curve.points.includes(point) ? point.accuracy : null));
      return {
        label: curve.name + (aup ? `, AUP ${curve.aup[aup].value.toFixed(1)}` : ''),
        values: own.map((accuracy) => accuracy?.value ?? null),
        intervals: own.map((accuracy) => accuracy?.interval ?? null),
      };
    });
    return plotNode(`Accuracy against ${axis}`, axis, sorted.map(speed), lines, width, true);
  });
}

/** Every point of every curve with its figures. */
export function frontierTable({ curves }: Frontier): HTMLElement {
  const timed = curves.every(({ points }) => points.every(({ tokensPerSecond }) => tokensPerSecond !== null));
  const columns = ['curve', 'setting', 'accuracy, %', 'TPF, denoising', 'TPF, all calls'];
  const head = [...columns, ...(timed ? ['tokens/s'] : [])].map((column) =>
    element('th', { scope: 'col' }, column),
  );
  const rows = curves.flatMap(({ name, points }) =>
    points.map(({ label, accuracy, tpf, tokensPerSecond }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, name),
        ...[label, words(accuracy, 1), words(tpf.denoise, 2), words(tpf.total, 2)].map(cell),
        ...(timed && tokensPerSecond ? [cell(words(tokensPerSecond, 0))] : []),
      ),
    ),
  );
  return element(
    'div',
    { class: 'frontier' },
    element(
      'table',
      {},
      element('caption', {}, 'Points'),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows),
    ),
  );
}

function cell(text: string): HTMLElement {
  return element('td', {}, text);
}

function words({ value, interval }: Estimate, digits: number): string {
  return `${value.toFixed(digits)} (${interval.map((end) => end.toFixed(digits)).join('–')})`;
}
