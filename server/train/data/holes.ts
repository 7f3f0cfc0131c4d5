import type { Random } from '../../decode/random.ts';

/** Characters around a hole that are kept. */
const CONTEXT = 1200;
/** Longest hole that is made, in lines and in characters. */
const MOST_LINES = 5;
const MOST_CHARACTERS = 400;

/** Kinds of holes, as completions in an editor leave them. */
type HoleKind = 'line' | 'rest-of-line' | 'lines' | 'span';

/**
 * Cuts a hole into a text: mostly a line behind its indentation, or the rest of one from any place on, every second time
 * only up to the bracket that an editor has closed behind the cursor; sometimes one to five lines or a span inside one.
 * Undefined where the text has no room for a hole.
 */
export function cutHole(
  text: string,
  random: Random,
): { prefix: string; middle: string; suffix: string } | undefined {
  const lines = lineStarts(text);
  const line = Math.floor(random.uniform() * lines.length);
  const [start, end] = hole(drawKind(random), text, lines, line, random);
  const middle = text.slice(start, end);
  if (middle.trim() === '' || middle.length > MOST_CHARACTERS) return undefined;
  return {
    prefix: text.slice(Math.max(0, start - CONTEXT), start),
    middle,
    suffix: text.slice(end, end + CONTEXT),
  };
}

function drawKind(random: Random): HoleKind {
  const u = random.uniform();
  if (u < 0.35) return 'line';
  if (u < 0.65) return 'rest-of-line';
  return u < 0.9 ? 'lines' : 'span';
}

function hole(
  kind: HoleKind,
  text: string,
  lines: readonly number[],
  line: number,
  random: Random,
): [number, number] {
  const lineEnd = (index: number) => (lines[index + 1] ?? text.length + 1) - 1;
  const indented = lines[line] + (/^[ \t]*/.exec(text.slice(lines[line], lineEnd(line)))?.[0].length ?? 0);
  const within = (from: number, to: number) => from + Math.floor(random.uniform() * Math.max(0, to - from));
  switch (kind) {
    case 'line':
      return [indented, lineEnd(line)];
    case 'rest-of-line': {
      const start = within(indented, lineEnd(line));
      const rest = text.slice(start, lineEnd(line));
      return [start, start + (random.uniform() < 0.5 ? rest.length : unmatchedCloser(rest))];
    }
    case 'lines': {
      const last = Math.min(lines.length - 1, line + Math.floor(random.uniform() * MOST_LINES));
      return [indented, lineEnd(last)];
    }
    case 'span': {
      const start = within(indented, lineEnd(line));
      return [start, 1 + within(start, lineEnd(line))];
    }
  }
}

/** Where the first closing bracket stands whose opening one does not; the length of the text without such a one. */
function unmatchedCloser(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if ('([{'.includes(text[at])) open++;
    else if (')]}'.includes(text[at]) && open-- === 0) return at;
  }
  return text.length;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
