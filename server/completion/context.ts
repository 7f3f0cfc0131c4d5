import type { CompletionRequest } from './request.ts';

/** Lines that are looked at before and after the cursor; the token budget of the model cuts further. */
const LINES_BEFORE = 256;
const LINES_AFTER = 64;

/** Characters that are looked at, so that neither a huge document nor a huge line costs anything. */
const PREFIX_CHARACTERS = 32_768;
const SUFFIX_CHARACTERS = 16_384;

/**
 * The beginning of the prefix moves only in jumps of so many characters or lines: between two jumps typing just
 * appends, and the engine's prefix cache stays valid.
 */
const JUMP_CHARACTERS = 8192;
const JUMP_LINES = 64;

/** Closing brackets, quotes and separators: what editors put after the cursor by themselves. */
const CLOSERS = /^[\s)\]}>"'`;,:]*$/;
const CLOSERS_MAX = 8;

/** The text around a cursor as the pipeline sees it: well-formed, line ends are `\n`. */
export interface Context {
  /** Text before the cursor; a selected suggestion counts as typed. */
  prefix: string;
  /** Text that follows the completion. Closers on the cursor's line are not in it, see `closers`. */
  suffix: string;
  /** The part of `prefix` on the cursor's line. */
  linePrefix: string;
  /**
   * The rest of the cursor's line where it is short and closes things only; a completion may overwrite it. Models
   * learn to write to the end of a line, so they are better off without it.
   */
  closers: string;
  /** The rest of the cursor's line where it is anything else. */
  lineSuffix: string;
  /** Line end of the document. */
  eol: '\n' | '\r\n';
  /** Where a completion starts in the document, UTF-16 units. */
  start: number;
  /** Where the text after the cursor starts in the document: a completion replaces document[start, end). */
  end: number;
  /** Text of the selected suggestion: every completion begins with it. */
  selectedText: string;
}

/** Takes the context of a request from its document. Never fails: an offset beyond the end is the end. */
export function takeContext({ text, offset, selected }: CompletionRequest): Context {
  const cursor = betweenCharacters(text, Math.min(Math.max(offset, 0), text.length));
  const start = selected ? Math.min(selected.start, cursor) : cursor;
  const end = selected ? Math.max(Math.min(selected.end, text.length), start) : cursor;
  const selectedText = selected?.text ?? '';
  const prefix = clean(takeBefore(text, start) + selectedText);
  const after = clean(takeAfter(text, end));
  const rest = firstLine(after);
  const closersOnly = rest.trim().length <= CLOSERS_MAX && CLOSERS.test(rest);
  return {
    prefix,
    suffix: closersOnly ? after.slice(rest.length) : after,
    linePrefix: prefix.slice(prefix.lastIndexOf('\n') + 1),
    closers: closersOnly ? rest : '',
    lineSuffix: closersOnly ? '' : rest,
    eol: usesCrLf(text, cursor) ? '\r\n' : '\n',
    start,
    end,
    selectedText,
  };
}

/** A cursor inside a surrogate pair or a `\r\n` is moved before it. */
function betweenCharacters(text: string, offset: number): number {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  const insidePair = before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
  const insideLineEnd = before === 13 && after === 10;
  return insidePair || insideLineEnd ? offset - 1 : offset;
}

function takeBefore(text: string, end: number): string {
  let start = 0;
  if (end > PREFIX_CHARACTERS) {
    const jumped = Math.ceil((end - PREFIX_CHARACTERS) / JUMP_CHARACTERS) * JUMP_CHARACTERS;
    start = betweenCharacters(text, Math.min(jumped, end));
    // The first line is cut somewhere: drop it, unless the prefix is nothing else.
    const lineStart = text.slice(start, end).indexOf('\n') + 1;
    start += lineStart;
  }
  const taken = text.slice(start, end);
  const lineStarts = [...taken.matchAll(/\n/g)].map(({ index }) => index + 1);
  const jumps = Math.ceil((lineStarts.length - LINES_BEFORE) / JUMP_LINES);
  return jumps > 0 ? taken.slice(lineStarts[jumps * JUMP_LINES - 1]) : taken;
}

function takeAfter(text: string, start: number): string {
  const end = betweenCharacters(text, Math.min(start + SUFFIX_CHARACTERS, text.length));
  const taken = text.slice(start, end);
  let position = -1;
  for (let line = 0; line <= LINES_AFTER; line++) {
    position = taken.indexOf('\n', position + 1);
    if (position < 0) return taken;
  }
  return taken.slice(0, position);
}

/** Lone surrogates have no UTF-8 and so no token; they become the replacement character. */
function clean(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').replace(/\r\n?/g, '\n');
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** Judged by the line end next to the cursor. */
function usesCrLf(text: string, cursor: number): boolean {
  const near = text.slice(Math.max(0, cursor - PREFIX_CHARACTERS), cursor + SUFFIX_CHARACTERS);
  const lineEnd = near.indexOf('\n');
  return lineEnd > 0 && near[lineEnd - 1] === '\r';
}
