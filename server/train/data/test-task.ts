import type { Row } from '../../tasks/formats.ts';

/** Splits that are kept from training. */
const SPLITS = ['heldout', 'validation', 'test'];

/** MBPP's ids of the splits test and validation, both ends included. */
const MBPP = { first: 11, last: 600 };

/**
 * The test set that a row of JSON lines says it is from, by its `task_id`, `source` or `split`: HumanEval and what is
 * made of it, MBPP 11-600, the project's own suites. Undefined for all others.
 */
export function testSetNamed(row: Row): string | undefined {
  const id = String(row.task_id ?? '');
  const source = String(row.source ?? row.dataset ?? '');
  if (/human-?_?eval/i.test(`${id} ${source}`)) return 'HumanEval';
  const isMbpp = /mbpp/i.test(`${id} ${source}`) || (typeof row.task_id === 'number' && 'test_list' in row);
  const number = Number(/\d+$/.exec(id)?.[0]);
  if (isMbpp && number >= MBPP.first && number <= MBPP.last) return 'MBPP 11-600';
  if (id.startsWith('infill/')) return 'the own infilling suite';
  return SPLITS.find((split) => row.split === split) && `the split ${row.split}`;
}
