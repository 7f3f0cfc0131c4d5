import type { EnginePrompt, Trajectory } from '../protocol.ts';

/** A longer word is left alone. */
const LONGEST_WORD = 24;

/**
 * Parts the text before a cursor into the prompt and what was typed of the next token, which becomes the beginning of
 * the response: a half-typed word, and the spaces before it unless they indent the line. Tokens are whole words with
 * their space in front, so after a part of one models go on with what hardly ever follows it; docs/infill-gate.md has
 * the figures.
 */
export function partPrefix(prefix: string): Required<Pick<EnginePrompt, 'prefix' | 'beginning'>> {
  const word = /(?<!\p{L})[A-Za-z]*$/u.exec(prefix.slice(-LONGEST_WORD - 1))?.[0] ?? '';
  let end = prefix.length - (word.length > LONGEST_WORD ? 0 : word.length);
  const wordStart = end;
  while (prefix[end - 1] === ' ') end--;
  const indentation = end === 0 || prefix[end - 1] === '\n' || prefix[end - 1] === '\t';
  const cut = indentation ? wordStart : end;
  return { prefix: prefix.slice(0, cut), beginning: prefix.slice(cut) };
}

/** The response without the beginning that it was asked to have; empty where it ended before the end of that. */
export function withoutBeginning({ text, prompt }: Pick<Trajectory, 'text' | 'prompt'>): string {
  const beginning = prompt?.beginning ?? '';
  return text.startsWith(beginning) ? text.slice(beginning.length) : '';
}
