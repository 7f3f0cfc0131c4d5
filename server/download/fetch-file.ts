import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { get, type HttpOptions, persist, Unfinished } from './http.ts';
import type { HubFile } from './hub.ts';

/** Ending of a file that is not complete; a later download goes on where it ends. */
const PARTIAL = '.part';

/**
 * Fetches a file to `dest`, which gets its name when size and hash are right. `progress` is told of bytes that are
 * there, and of those that are gone again as a negative number. Throws UserError for a file that stays wrong.
 */
export async function fetchFile(
  file: HubFile,
  dest: string,
  progress: (bytes: number) => void,
  options: HttpOptions,
): Promise<void> {
  // One that an earlier download left may be of another revision.
  if ((await sizeOf(dest)) === file.bytes && (await hashOf(file, dest)) === file.hash.hex)
    return progress(file.bytes);
  const partial = dest + PARTIAL;
  for (let attempt = 0; attempt < 2; attempt++) {
    let before = await sizeOf(partial);
    progress(before);
    const grown = async () => {
      const size = await sizeOf(partial);
      const more = size > before;
      before = size;
      return more;
    };
    let bringsMore = false;
    await persist(
      file.name,
      async () => {
        try {
          await fetchRest(file, partial, progress, options);
        } finally {
          bringsMore = await grown();
        }
      },
      options,
      () => bringsMore,
    );
    if ((await hashOf(file, partial)) === file.hash.hex) return rename(partial, dest);
    // What an earlier run left may have been wrong: once more from the beginning.
    progress(-file.bytes);
    await rm(partial, { force: true });
  }
  throw new UserError(`${file.url} has another hash than the hub says, twice; it was not kept.`);
}

/** Appends what is missing of a file. */
async function fetchRest(
  file: HubFile,
  partial: string,
  progress: (bytes: number) => void,
  options: HttpOptions,
): Promise<void> {
  let size = await sizeOf(partial);
  if (size === file.bytes) return;
  const headers: Record<string, string> = size > 0 ? { range: `bytes=${size}-` } : {};
  const response = await get(file.url, headers, options);
  const handle = await open(partial, 'a');
  try {
    if (response.status !== 206 || size > file.bytes) {
      await handle.truncate(0);
      progress(-size);
      size = 0;
    }
    await append(handle, response, file.bytes - size, progress);
  } finally {
    await handle.close();
  }
}

async function append(
  handle: FileHandle,
  response: Response,
  missing: number,
  progress: (bytes: number) => void,
): Promise<void> {
  let rest = missing;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (chunk.length > rest) throw new UserError(`${response.url} is longer than the hub says.`);
    await handle.appendFile(chunk);
    rest -= chunk.length;
    progress(chunk.length);
  }
  if (rest > 0) throw new Unfinished(`the connection was closed ${rest} bytes before the end`);
}

async function hashOf({ bytes, hash }: HubFile, file: string): Promise<string> {
  // Git hashes a header before the content.
  const digest: Hash =
    hash.kind === 'git' ? createHash('sha1').update(`blob ${bytes}\0`) : createHash(hash.kind);
  for await (const chunk of createReadStream(file)) digest.update(chunk);
  return digest.digest('hex');
}

/** Bytes of a file that an earlier download has left, complete or not. */
export async function bytesThere(dest: string): Promise<number> {
  return (await sizeOf(dest)) || sizeOf(dest + PARTIAL);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
