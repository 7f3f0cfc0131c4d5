export interface Cursor {
  /** Counted from 0, as the protocol does. */
  line: number;
  character: number;
}

/** The unfinished lines of the sample: those that end in a blank. */
export function unfinishedLines(text: string): Cursor[] {
  return text
    .split('\n')
    .map((content, line) => ({ content, line }))
    .filter(({ content }) => content.endsWith(' '))
    .map(({ content, line }) => ({ line, character: content.length }));
}
