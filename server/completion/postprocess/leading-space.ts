import type { Filter } from './filter.ts';

/** After a space models like to begin with another one, because most tokens carry their space in front. */
export const leadingSpace: Filter = (draft, { context }) => {
  const typedSpace = context.linePrefix.trim() !== '' && /\s$/.test(context.linePrefix);
  return typedSpace ? { ...draft, text: draft.text.replace(/^[ \t]+/, '') } : draft;
};
