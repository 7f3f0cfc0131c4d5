import type { Pair } from './pairs.ts';

/**
 * Where the cursor stands: after the indentation of an empty line, before a token in the middle of a line, or
 * inside a word that is half typed.
 */
export type CutKind = 'line-start' | 'line-rest' | 'word';

/** What has not been written yet: the rest of the line, or the rest of the paragraph (up to a blank line or a dedent). */
export type Missing = 'line' | 'paragraph';

/** One cursor as the manifest stores it; line and column count from 1. */
export interface Cut {
  file: string;
  line: number;
  column: number;
  kind: CutKind;
  missing: Missing;
}

/** A document with a cursor and what its author wrote there. */
export interface InfillItem extends Cut {
  /** `file:line:column`. */
  id: string;
  prefix: string;
  /** Begins with the closing marks that an editor had inserted, then the text after the hole. */
  suffix: string;
  /** What the author wrote from the cursor to the end of its line, closing marks included. */
  rest: string;
  /** First lines that count as right: `rest`, and `rest` up to a closing mark that the suffix already has. */
  accepted: string[];
}

/** Builds the item of one cursor from its file's source and pairs. */
export function cutItem(source: string, pairs: readonly Pair[], cut: Cut): InfillItem {
  const lines = source.split('\n');
  const lineStart = lines.slice(0, cut.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const offset = lineStart + cut.column - 1;
  const lineEnd = lineStart + lines[cut.line - 1].length;
  const rest = source.slice(offset, lineEnd);
  const autoClosed = closedAround(pairs, offset, lineStart, lineEnd);
  const end = cut.missing === 'line' ? lineEnd : paragraphEnd(lines, cut.line - 1, lineStart);
  return {
    ...cut,
    id: `${cut.file}:${cut.line}:${cut.column}`,
    prefix: source.slice(0, offset),
    suffix: autoClosed.map((pair) => pair.closer).join('') + source.slice(end),
    rest,
    accepted: [rest, ...autoClosed.map((pair) => rest.slice(0, pair.close - offset))]
      .map((text) => text.trimEnd())
      .filter((text) => text !== ''),
  };
}

/** Whether the first line of `text` is one of the item's right answers; trailing space does not count. */
export function isRight(item: InfillItem, text: string): boolean {
  return item.accepted.includes(text.split('\n', 1)[0].trimEnd());
}

/** Pairs opened and closed on the cursor's line with the cursor between them, innermost first. */
function closedAround(pairs: readonly Pair[], offset: number, lineStart: number, lineEnd: number): Pair[] {
  return pairs
    .filter(
      (pair) => pair.open >= lineStart && pair.open < offset && pair.close >= offset && pair.close < lineEnd,
    )
    .filter((pair) => pair.open + pair.closer.length <= offset)
    .sort((a, b) => a.close - b.close);
}

function paragraphEnd(lines: string[], index: number, lineStart: number): number {
  const indent = indentOf(lines[index]);
  let end = lineStart + lines[index].length;
  for (const line of lines.slice(index + 1)) {
    if (line.trim() === '' || indentOf(line) < indent) break;
    end += line.length + 1;
  }
  return end;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
