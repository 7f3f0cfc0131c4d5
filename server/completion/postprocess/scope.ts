import type { Filter } from './filter.ts';
import { columns, inferIndentation } from './indentation-style.ts';
import { isCloserLine, leadingWhitespace } from './lines.ts';

/**
 * A block ends where the indentation falls back below its first line: what follows belongs to something else.
 * Lines of closing brackets one level out still belong to it.
 */
export const scope: Filter = (draft, { context }) => {
  const style = inferIndentation(context, draft.text);
  const lines = draft.text.split('\n');
  const depth = (line: string) => columns(leadingWhitespace(line), style);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) return draft;
  // On the cursor's own line, what stands before the cursor counts.
  const blockDepth = depth(first === 0 ? context.linePrefix + lines[0] : lines[first]);
  const baseDepth = depth(context.linePrefix);
  const leaves = (line: string) => {
    const lineDepth = depth(line);
    return lineDepth < blockDepth && !(isCloserLine(line) && lineDepth >= baseDepth);
  };
  const end = lines.findIndex((line, index) => index > first && line.trim() !== '' && leaves(line));
  return end < 0 ? draft : { ...draft, text: lines.slice(0, end).join('\n') };
};
