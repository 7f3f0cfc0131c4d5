import { element } from '../dom.ts';
import type { CellState } from './history.ts';

const STATES: readonly (readonly [CellState | 'in-window', string])[] = [
  ['masked', 'masked'],
  ['new', 'just revealed'],
  ['old', 'revealed earlier; the line below is the confidence'],
  ['takenBack', 'taken back'],
  ['in-window', 'in the window of this step'],
];

/** Explains how a token looks in each state. */
export function legend(): HTMLElement {
  const items = STATES.map(([state, words]) => {
    const sample = element(
      'span',
      { class: `token ${state}`, 'aria-hidden': 'true' },
      state === 'masked' ? '  ' : 'ab',
    );
    sample.style.setProperty('--confidence', state === 'masked' ? '0' : '0.7');
    return element('li', {}, sample, ` ${words}`);
  });
  return element('ul', { class: 'legend', 'aria-label': 'Legend' }, ...items);
}
