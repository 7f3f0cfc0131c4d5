import type { Filter } from './filter.ts';

const OPENER: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
const QUOTES = `"'\``;

/**
 * Editors put closing brackets and quotes after the cursor before anything is written in between, while the model
 * writes its own. Where the completion ends with just these, they are taken from it; where it goes on after them, it
 * overwrites the document's. Closers that the completion does not close stay.
 */
export const doubledBrackets: Filter = (draft, { context }) => {
  const closers = context.closers.trimEnd();
  const closed = countClosed(draft.text, context.linePrefix);
  if (closed === 0 || closers.trim() === '') return draft;
  if (draft.text.endsWith(closers)) {
    const text = draft.text.slice(0, -closers.length);
    if (countClosed(text, context.linePrefix) === 0) return { ...draft, text };
  }
  // With a selected suggestion the editor dictates the range, and nothing can be overwritten.
  if (context.selectedText !== '') return null;
  return { ...draft, replaced: lengthOfMarks(closers, closed) };
};

/** How many brackets and quotes that `linePrefix`, or a line before it, left open are closed by `text`. */
function countClosed(text: string, linePrefix: string): number {
  const open: string[] = [];
  follow(linePrefix, open);
  const before = open.length;
  const { lowest, unmatched } = follow(text, open);
  return before - lowest + unmatched;
}

/** Keeps the stack `open` through `text`. Brackets inside quotes are text. */
function follow(text: string, open: string[]): { lowest: number; unmatched: number } {
  let lowest = open.length;
  let unmatched = 0;
  for (let i = 0; i < text.length; i++) {
    const mark = text[i];
    const top = open.at(-1);
    const quoted = top !== undefined && QUOTES.includes(top);
    if (quoted ? mark === top : mark in OPENER && OPENER[mark] === top) {
      open.pop();
      lowest = Math.min(lowest, open.length);
    } else if (quoted) {
      if (mark === '\\') i++;
    } else if (mark in OPENER) {
      unmatched++;
    } else if ('([{'.includes(mark) || QUOTES.includes(mark)) {
      open.push(mark);
    }
  }
  return { lowest, unmatched };
}

function isMark(character: string): boolean {
  return character in OPENER || QUOTES.includes(character);
}

/** Length of the shortest beginning of `closers` with `count` marks in it. */
function lengthOfMarks(closers: string, count: number): number {
  const marks = [...closers].flatMap((character, index) => (isMark(character) ? [index + 1] : []));
  return marks[Math.min(count, marks.length) - 1] ?? 0;
}
