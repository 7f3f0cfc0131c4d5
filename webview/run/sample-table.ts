import type { RunRow } from '../../server/protocol.ts';
import { button } from '../controls.ts';
import { element } from '../dom.ts';
import { lineDiff } from './line-diff.ts';

/** The last samples; more than this make no table that anybody reads. */
const SHOWN = 200;
const COLUMNS = ['step', 'taskId', 'verdict', 'reward', 'tpf'] as const;
const SIGNS = { '+': 'only in the sample', '-': 'only in the reference', ' ': 'in both' };

/** The samples of a run, newest first, each with its difference to the reference and a way to its trace. */
export function sampleTable(
  name: string,
  samples: readonly RunRow[],
  openTrace: (file: string) => void,
): HTMLElement {
  const head = [...COLUMNS, 'text'].map((column) => element('th', { scope: 'col' }, column));
  const rows = samples.slice(-SHOWN).toReversed();
  return element(
    'div',
    { class: 'samples' },
    element(
      'table',
      {},
      element('caption', {}, `Samples of ${name}`),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows.map((row) => sampleRow(row, openTrace))),
    ),
  );
}

function sampleRow(row: RunRow, openTrace: (file: string) => void): HTMLElement {
  const { completion, reference, trace } = row;
  const text = element('td', {});
  if (typeof completion === 'string') {
    const summary = element('summary', {}, completion.trim().split('\n', 1)[0].slice(0, 60) || '(nothing)');
    text.append(
      element(
        'details',
        {},
        summary,
        diffNode(typeof reference === 'string' ? reference : completion, completion),
      ),
    );
  }
  if (typeof trace === 'string') text.append(button('Open trace', () => openTrace(trace)));
  return element('tr', {}, ...COLUMNS.map((column) => element('td', {}, shortText(row[column]))), text);
}

function diffNode(reference: string, completion: string): HTMLElement {
  const lines = lineDiff(reference, completion).map(({ sign, text }) =>
    element('div', { class: `diff ${CLASSES[sign]}`, title: SIGNS[sign] }, `${sign} ${text}`),
  );
  return element('div', { class: 'diffs' }, ...lines);
}

const CLASSES = { '+': 'added', '-': 'removed', ' ': 'same' };

function shortText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  return typeof value === 'string' ? value : '';
}
