/** The white space a line begins with. */
export function leadingWhitespace(line: string): string {
  return line.slice(0, line.length - line.trimStart().length);
}

/** Lines that say nothing but that something ends: closing brackets, with separators. */
export function isCloserLine(line: string): boolean {
  return /^[\s)\]},;]*$/.test(line) && line.trim() !== '';
}

/** The last line of `text` that is not blank, or undefined. */
export function lastFilledLine(text: string): string | undefined {
  const end = text.trimEnd();
  return end === '' ? undefined : end.slice(end.lastIndexOf('\n') + 1);
}

/** Ends with an opening bracket or a colon: the next line is one level deeper. */
export function opensBlock(line: string): boolean {
  return /[:{([]\s*(?:(?:#|\/\/).*)?$/.test(line);
}
