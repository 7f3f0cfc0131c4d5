import { createReadStream, createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { UserError } from '../errors.ts';
import { readExactly, withFile } from '../models/file-bytes.ts';

/** A file inside an archive: deflated bytes from `start` on. */
interface ZipEntry {
  start: number;
  length: number;
}

const END = { signature: 0x06054b50, length: 22 };
const ENTRY = { signature: 0x02014b50, length: 46 };
const LOCAL_LENGTH = 30;
const DEFLATED = 8;
/** A comment of the archive may follow its last record. */
const LONGEST_COMMENT = 65_535;

/** Unpacks the file `name` of an archive to `dest`. Throws UserError where it is not in there, or not deflated. */
export async function unzipFile(archive: string, name: string, dest: string): Promise<void> {
  const { start, length } = await withFile(archive, (handle) => findEntry(handle, archive, name));
  await pipeline(
    createReadStream(archive, { start, end: start + length - 1 }),
    createInflateRaw(),
    createWriteStream(dest),
  );
}

async function findEntry(handle: FileHandle, archive: string, wanted: string): Promise<ZipEntry> {
  const { size } = await handle.stat();
  const tailStart = Math.max(0, size - END.length - LONGEST_COMMENT);
  const tail = await readExactly(handle, archive, tailStart, size - tailStart);
  let at = tail.length - END.length;
  while (at >= 0 && tail.readUInt32LE(at) !== END.signature) at--;
  if (at < 0) throw new UserError(`${archive} is no zip archive.`);
  const directory = await readExactly(
    handle,
    archive,
    tail.readUInt32LE(at + 16),
    tail.readUInt32LE(at + 12),
  );
  for (let entry = 0; entry + ENTRY.length <= directory.length; ) {
    if (directory.readUInt32LE(entry) !== ENTRY.signature) break;
    const field = (offset: number) => directory.readUInt16LE(entry + offset);
    const nameEnd = entry + ENTRY.length + field(28);
    if (directory.toString('utf8', entry + ENTRY.length, nameEnd) === wanted && field(10) === DEFLATED) {
      const local = directory.readUInt32LE(entry + 42);
      // The lengths of name and extra field in front of the data may differ from those in the directory.
      const header = await readExactly(handle, archive, local, LOCAL_LENGTH);
      const start = local + LOCAL_LENGTH + header.readUInt16LE(26) + header.readUInt16LE(28);
      return { start, length: directory.readUInt32LE(entry + 20) };
    }
    entry = nameEnd + field(30) + field(32);
  }
  throw new UserError(`${archive} has no file ${wanted}.`);
}
