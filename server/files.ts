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
    throw new UserError(`${file} cannot be written: ${(error as Error).message}.`);
  }
}
