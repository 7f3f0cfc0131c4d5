import type { Context } from '../context.ts';
import type { Filter } from './filter.ts';
import { columns, type IndentationStyle, inferIndentation, whitespaceOf } from './indentation-style.ts';
import { lastFilledLine, leadingWhitespace, opensBlock } from './lines.ts';

/** An open level: the column where the model put it, and the column where it goes in the document. */
interface Level {
  model: number;
  document: number;
}

/**
 * Gives every line the indentation of the document: a model that learned one-space or tab indentation keeps its
 * levels, not its widths. Lines aligned with an opening bracket keep their column.
 */
export const indentation: Filter = (draft, { context }) => {
  const style = inferIndentation(context, draft.text);
  const freshLine = context.linePrefix.trim() === '';
  const cursorColumn = columns(leadingWhitespace(context.linePrefix), style);
  const levels: Level[] = freshLine ? [] : [{ model: cursorColumn, document: cursorColumn }];
  const typed = (index: number) => (index === 0 ? context.linePrefix : '');
  let previous = '';
  const lines = draft.text.split('\n').map((line, index) => {
    if (line.trim() === '' || (index === 0 && !freshLine)) {
      previous = typed(index) + line;
      return line.trim() === '' && index > 0 ? '' : line;
    }
    const column = columns(typed(index) + leadingWhitespace(line), style);
    const least = index === 0 ? cursorColumn : 0;
    const indent = levels.length
      ? alignedColumn(previous) === column
        ? column
        : place(column, levels, style)
      : start(column, least, levels, context, style);
    previous = typed(index) + line;
    return whitespaceOf(indent - least, style) + line.trimStart();
  });
  return { ...draft, text: lines.join('\n') };
};

/** The first line with text, on a line that was blank: no deeper than the line above allows. */
function start(column: number, least: number, levels: Level[], context: Context, style: IndentationStyle) {
  const above = lastFilledLine(context.prefix) ?? '';
  const most = columns(leadingWhitespace(above), style) + (opensBlock(above) ? style.width : 0);
  const stepped = Math.ceil(column / style.width) * style.width;
  const document = column === least ? least : Math.max(least, Math.min(stepped, most));
  levels.push({ model: column, document });
  return document;
}

/** A later line, that the model put at `column`. Keeps `levels` up to date. */
function place(column: number, levels: Level[], style: IndentationStyle): number {
  while (levels.length > 1 && column < levels[levels.length - 1].model) levels.pop();
  const top = levels[levels.length - 1];
  // Further out than where the completion began: some level of the document.
  if (column < top.model) return Math.floor(column / style.width) * style.width;
  if (column === top.model) return top.document;
  const document = top.document + style.width;
  levels.push({ model: column, document });
  return document;
}

/** The column after the bracket that `line` leaves open with text behind it, or −1. */
function alignedColumn(line: string): number {
  const open: number[] = [];
  for (let i = 0; i < line.length; i++) {
    if ('([{'.includes(line[i])) open.push(i);
    else if (')]}'.includes(line[i])) open.pop();
  }
  const last = open.at(-1);
  return last === undefined || line.slice(last + 1).trim() === '' ? -1 : last + 1;
}
