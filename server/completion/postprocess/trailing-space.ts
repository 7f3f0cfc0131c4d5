import type { Filter } from './filter.ts';

/** No spaces at the end of a line, no empty lines at the end. */
export const trailingSpace: Filter = (draft) => ({
  ...draft,
  text: draft.text.replace(/[ \t]+(?=\n)/g, '').trimEnd(),
});
