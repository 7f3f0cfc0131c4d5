import type { Draft, Filter } from './filter.ts';

/** A line that follows so many equal ones is a loop. */
const EQUAL_LINES = 2;
/** Text that repeats a piece of at most so many characters so often is a loop. */
const LONGEST_PERIOD = 32;
const REPEATS = 4;
/** Shorter repetition, such as `0, 0, 0`, is ordinary. */
const LOOP_CHARACTERS = 16;

/**
 * Small models fall into loops. A block is cut where one begins; a completion that begins with one is dropped.
 * Lines and pieces without a letter or digit, such as closing brackets and rulers, may repeat.
 */
export const repetition: Filter = (draft, { context }) => {
  const history = context.prefix
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.trim() !== '')
    .slice(-EQUAL_LINES)
    .map((line) => line.trim());
  const lines = draft.text.split('\n');
  for (const [index, line] of lines.entries()) {
    const whole = ((index === 0 ? context.linePrefix : '') + line).trim();
    if (!/[\p{L}\p{N}]/u.test(whole)) continue;
    const equal = history.length === EQUAL_LINES && history.every((earlier) => earlier === whole);
    if (equal || runsInCircles(line)) return cutBefore(draft, lines, index);
    history.push(whole);
    if (history.length > EQUAL_LINES) history.shift();
  }
  return draft;
};

function cutBefore(draft: Draft, lines: readonly string[], index: number): Draft | null {
  const text = lines.slice(0, index).join('\n');
  return text.trim() === '' ? null : { ...draft, text };
}

/** Whether the line ends in a piece that is repeated `REPEATS` times or more. */
function runsInCircles(line: string): boolean {
  const text = line.trimEnd();
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    const length = Math.max(period * REPEATS, LOOP_CHARACTERS);
    if (length > text.length) return false;
    const tail = text.slice(-length);
    if (/[\p{L}\p{N}]/u.test(tail) && tail.slice(period) === tail.slice(0, -period)) return true;
  }
  return false;
}
