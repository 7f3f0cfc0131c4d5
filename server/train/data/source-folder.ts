import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import type { DocumentFile } from './document.ts';
import { folderLicences } from './licences.ts';

/** Source files are taken by their name; longer ones are mostly data, shorter ones hold nothing. */
const EXTENSIONS = new Set(['.py', '.ts', '.js', '.go', '.rs', '.java', '.c', '.h', '.cpp', '.rb']);
const SHORTEST = 200;
const LONGEST = 200_000;

/**
 * Every source file below a folder in the order of their paths, each one document; equal files count once. Licences are
 * those of the folder's `licences.json`.
 */
export async function openSourceFolder(dir: string): Promise<DocumentFile[]> {
  let entries: { parentPath?: string; path: string; name: string; isFile(): boolean }[];
  try {
    entries = await readdir(dir, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new UserError(`${dir} cannot be read: ${(error as Error).message}.`);
  }
  const files = entries
    .filter((entry) => entry.isFile() && EXTENSIONS.has(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  const licenceOf = await folderLicences(dir);
  const documents = new Map<string, DocumentFile>();
  for (const file of files) {
    const bytes = await readFile(file).catch(() => undefined);
    if (!bytes || bytes.length < SHORTEST || bytes.length > LONGEST || !isText(bytes)) continue;
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (documents.has(hash)) continue;
    documents.set(hash, {
      file,
      bytes: bytes.length,
      hash,
      licence: licenceOf(file),
      count: 1,
      read: async () => ({ kind: 'text', text: await readFile(file, 'utf8') }),
    });
  }
  return [...documents.values()];
}

function isText(bytes: Buffer): boolean {
  return !bytes.includes(0);
}
