import type { Cut, CutKind, Missing } from './item.ts';

/** Shares of the kinds of cursor; they add up to 1. */
const KIND_SHARES: readonly [CutKind, number][] = [
  ['line-start', 0.35],
  ['line-rest', 0.4],
  ['word', 0.25],
];

/** A rest made of these alone is nothing to complete: an editor shows no ghost text for a colon. */
const NOTHING_TO_COMPLETE = /^[\s)\]}"',:]*$/;

/** Draws up to `count` cursors on different lines of one file, by lot and not by taste. */
export function drawCuts(file: string, source: string, count: number, random: () => number): Cut[] {
  const lines = source.split('\n');
  const order = shuffled(
    lines.flatMap((line, index) => (line.trim() === '' ? [] : [index])),
    random,
  );
  const cuts: Cut[] = [];
  for (const index of order) {
    if (cuts.length === count) break;
    const kind = drawKind(random());
    const missing: Missing = random() < 0.5 ? 'line' : 'paragraph';
    const columns = columnsOf(lines[index], kind);
    const column = columns[Math.floor(random() * columns.length)];
    if (column !== undefined) cuts.push({ file, line: index + 1, column: column + 1, kind, missing });
  }
  return cuts.sort((a, b) => a.line - b.line);
}

/** Every place (from 0) of a line where a cursor of this kind may stand. */
export function columnsOf(line: string, kind: CutKind): number[] {
  const tokens = [...line.matchAll(/\w+|[^\w\s]/g)];
  const columns = {
    'line-start': () => [line.length - line.trimStart().length],
    'line-rest': () => tokens.slice(1).map((token) => token.index),
    word: () => tokens.flatMap((token) => range(token.index + 1, token.index + token[0].length)),
  }[kind]();
  return columns.filter((column) => !NOTHING_TO_COMPLETE.test(line.slice(column)));
}

function drawKind(value: number): CutKind {
  let sum = 0;
  for (const [kind, share] of KIND_SHARES) {
    sum += share;
    if (value < sum) return kind;
  }
  return 'line-rest';
}

function shuffled<T>(values: T[], random: () => number): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
