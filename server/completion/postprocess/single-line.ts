import type { Filter } from './filter.ts';

/** Where one line was asked for, everything after it goes. */
export const singleLine: Filter = (draft, { extent }) =>
  extent === 'line' ? { ...draft, text: draft.text.split('\n', 1)[0] } : draft;
