/**
 * Cuts the beginning off a text so that the cut stays where it is while the text grows at its end: the tokens before
 * the cursor then keep their positions, and the cache of keys and values survives typing.
 *
 * The cut is content-defined. Every line start has a rank, a hash of the lines beside it; among the line starts that
 * would leave between LEAST_KEPT of the budget and all of it, the highest rank wins. Typing moves that range by a few
 * characters, and its winner changes only when the old one leaves it, once in several lines. Nothing is remembered
 * between calls, and it does not matter where the text that we are given begins.
 */

/** A cut leaves at least this share of the budget, if there are lines enough. */
const LEAST_KEPT = 0.5;

/** Longest part of a line that its rank depends on. */
const RANKED_CHARACTERS = 200;

/**
 * Where to cut `text`: an index of a line start, 0 when all fits, or undefined when the last line alone is over the
 * budget. `cost` counts the tokens of one line.
 */
export function stableCut(text: string, budget: number, cost: (line: string) => number): number | undefined {
  let start = text.length;
  let total = 0;
  let best: { start: number; rank: number } | undefined;
  let oldest: number | undefined;
  let next = '';
  while (start > 0) {
    const lineStart = lineStartBefore(text, start);
    const line = text.slice(lineStart, start);
    total += cost(line);
    if (total > budget) return best?.start ?? oldest;
    oldest = lineStart;
    if (total >= budget * LEAST_KEPT) {
      const rank = hash(line.slice(0, RANKED_CHARACTERS) + next.slice(0, RANKED_CHARACTERS));
      // On equal ranks the earlier line wins: it leaves more context.
      if (!best || rank >= best.rank) best = { start: lineStart, rank };
    }
    start = lineStart;
    next = line;
  }
  return 0;
}

/** Start of the line that `end` ends: `end` is the length of the text or stands after a line feed. */
export function lineStartBefore(text: string, end: number): number {
  return end < 2 ? 0 : text.lastIndexOf('\n', end - 2) + 1;
}

/** FNV-1a over UTF-16 units, then mixed, so that similar lines get unrelated ranks. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
