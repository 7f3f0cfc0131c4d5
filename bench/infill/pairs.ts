/** A bracket or quote and the place where it is closed. Offsets are those of the first character of either mark. */
export interface Pair {
  open: number;
  close: number;
  closer: string;
}

interface Opened {
  open: number;
  closer: string;
  string: boolean;
  /** An f-string: `{` inside it opens code again. */
  formatted: boolean;
}

const CLOSER_OF: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/**
 * Every closed pair of brackets and quotes in Python source, by a scan that knows strings, f-strings and comments.
 * An editor inserts the closing mark by itself, so a cursor between the two has it on its right.
 */
export function findPairs(source: string): Pair[] {
  const pairs: Pair[] = [];
  const stack: Opened[] = [];
  let at = 0;
  while (at < source.length) {
    const top = stack.at(-1);
    at = top?.string
      ? insideString(source, at, stack, top, pairs)
      : insideCode(source, at, stack, top, pairs);
  }
  return pairs;
}

function insideString(source: string, at: number, stack: Opened[], top: Opened, pairs: Pair[]): number {
  if (source[at] === '\\') return at + 2;
  if (source.startsWith(top.closer, at)) {
    stack.pop();
    pairs.push({ open: top.open, close: at, closer: top.closer });
    return at + top.closer.length;
  }
  if (top.formatted && source[at] === '{') {
    if (source[at + 1] === '{') return at + 2;
    stack.push({ open: at, closer: '}', string: false, formatted: false });
  }
  return at + 1;
}

function insideCode(
  source: string,
  at: number,
  stack: Opened[],
  top: Opened | undefined,
  pairs: Pair[],
): number {
  const char = source[at];
  if (char === '#') {
    const end = source.indexOf('\n', at);
    return end < 0 ? source.length : end;
  }
  if (char === '"' || char === "'") {
    const closer = source.startsWith(char.repeat(3), at) ? char.repeat(3) : char;
    const formatted = /[fF][rR]?$/.test(source.slice(Math.max(0, at - 2), at));
    stack.push({ open: at, closer, string: true, formatted });
    return at + closer.length;
  }
  if (CLOSER_OF[char]) stack.push({ open: at, closer: CLOSER_OF[char], string: false, formatted: false });
  if (top && char === top.closer) {
    stack.pop();
    pairs.push({ open: top.open, close: at, closer: top.closer });
  }
  return at + 1;
}
