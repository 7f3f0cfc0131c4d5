import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { fileProblem } from '../files.ts';

/** Reads `length` bytes of a file from `offset` on into a buffer of their own. Throws UserError if it ends before. */
export async function readFileBytes(file: string, offset: number, length: number): Promise<Uint8Array> {
  return withFile(file, (handle, name) => readExactly(handle, name, offset, length));
}

/** Opens a file for reading while `use` runs; UserError when it cannot be opened. */
export async function withFile<T>(
  name: string,
  use: (handle: FileHandle, name: string) => Promise<T>,
): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(name, 'r');
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${fileProblem(error as Error)}.`);
  }
  try {
    return await use(handle, name);
  } finally {
    await handle.close();
  }
}

/** Reads `length` bytes from `offset` on into a buffer of their own. */
export async function readExactly(
  handle: FileHandle,
  name: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  // Not from Buffer's pool: typed arrays on these bytes need them aligned.
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new UserError(`${name} is truncated: it ends before byte ${offset + length}.`);
    done += bytesRead;
  }
  return bytes;
}
