import { rename, rm, writeFile } from 'node:fs/promises';
import { UserError } from './errors.ts';

/** Writes a file so that a reader sees the old contents or the new, never a part. Throws UserError. */
export async function replaceFile(file: string, contents: string): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, contents);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw new UserError(`${file} cannot be written: ${fileProblem(error as Error)}.`);
  }
}

const PROBLEMS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'files of this size are not allowed there',
};

/** Why a file cannot be read or written: the end of a sentence. */
export function fileProblem({ code, message }: NodeJS.ErrnoException): string {
  return PROBLEMS[code ?? ''] ?? message;
}

/** A failure of the file system as a sentence that names the file, or `place` where it names none; others as they are. */
export function asUserError(error: NodeJS.ErrnoException, place: string): Error {
  if (!(error.code && Object.hasOwn(PROBLEMS, error.code))) return error;
  return new UserError(`${error.path ?? place} cannot be used: ${fileProblem(error)}.`);
}
