import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { fileProblem } from '../files.ts';

/** The text of a file that the user named. Throws UserError. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${fileProblem(error as Error)}.`);
  }
}

/** A place in a file, both numbers counted from 1; a column counts UTF-16 units, as editors do. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Reads `FILE:LINE:COL`. Throws UserError. */
export function parsePlace(text: string): Place {
  const match = /^(.+):(\d+):(\d+)$/s.exec(text);
  if (!match)
    throw new UserError(`'${text}' is no place in a file: write FILE:LINE:COL, both numbers from 1.`);
  return { file: match[1], line: Number(match[2]), column: Number(match[3]) };
}

/** The offset of a place in the text of its file. Throws UserError where the text has no such place. */
export function offsetOf(text: string, { file, line, column }: Place): number {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf('\n', start);
    if (end < 0) {
      const lines = at === 1 ? '1 line' : `${at} lines`;
      throw new UserError(`${file} has ${lines}, so there is no line ${line}.`);
    }
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  const length = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '').length;
  if (line < 1 || column < 1 || column > length + 1) {
    throw new UserError(
      line < 1
        ? 'Lines are counted from 1.'
        : `Line ${line} of ${file} has columns 1 to ${length + 1}, not ${column}.`,
    );
  }
  return start + column - 1;
}
