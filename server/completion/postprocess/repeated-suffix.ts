import type { Filter } from './filter.ts';
import { isCloserLine } from './lines.ts';

/** Takes away what the document already says after the cursor. */
export const repeatedSuffix: Filter = (draft, { context }) => {
  const { linePrefix, lineSuffix, suffix } = context;
  const text = lineSuffix === '' ? draft.text : withoutOverlap(draft.text, lineSuffix);
  const nextLine = suffix
    .slice(lineSuffix.length)
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trimEnd();
  const lines = text.split('\n');
  const repeated = lines.findIndex((line, index) => {
    const whole = ((index === 0 ? linePrefix : '') + line).trimEnd();
    return whole === nextLine && !endsOwnBlock(lines, index);
  });
  const kept = repeated < 0 ? text : lines.slice(0, repeated).join('\n');
  return kept.trim() === '' ? null : { ...draft, text: kept };
};

/** A closing line that ends a block which the completion itself opened repeats nothing. */
function endsOwnBlock(lines: readonly string[], index: number): boolean {
  if (!isCloserLine(lines[index])) return false;
  const text = lines.slice(0, index + 1).join('\n');
  return count(text, /[([{]/g) >= count(text, /[)\]}]/g);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** `text` without the longest end of it that `following` begins with. */
function withoutOverlap(text: string, following: string): string {
  const trimmed = following.trimEnd();
  for (let length = Math.min(text.length, trimmed.length); length > 0; length--) {
    if (trimmed.startsWith(text.slice(-length))) return text.slice(0, -length);
  }
  return text;
}
