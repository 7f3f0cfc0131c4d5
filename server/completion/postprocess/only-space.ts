import type { Filter } from './filter.ts';

/** After some of a completion was typed, nothing visible may be left of it. */
export const onlySpace: Filter = (draft) => (draft.text.trim() === '' ? null : draft);
