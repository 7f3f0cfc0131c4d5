import type { Filter } from './filter.ts';

/** Line ends as in the document. */
export const lineEnds: Filter = (draft, { context }) =>
  context.eol === '\n' ? draft : { ...draft, text: draft.text.replaceAll('\n', context.eol) };
