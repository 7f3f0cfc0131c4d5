import type { Filter } from './filter.ts';

/** The token limit ends a block in the middle of a line: that line goes, unless there is no other. */
export const cutOffLine: Filter = (draft, { cutOff }) => {
  const lastLineEnd = draft.text.lastIndexOf('\n');
  if (!cutOff || draft.text.slice(0, Math.max(lastLineEnd, 0)).trim() === '') return draft;
  return { ...draft, text: draft.text.slice(0, lastLineEnd) };
};
