import path from 'node:path';
import { type Uri, workspace } from 'vscode';
import type { ReadSavedParams } from '../server/protocol.ts';

/** Larger files are none of ours, bytes. */
const MOST_BYTES = 100_000_000;

/** Reads a file that Unmask has saved, for the server to check. Throws an error that is a sentence for the user. */
export async function readSaved(uri: Uri): Promise<ReadSavedParams> {
  const name = path.posix.basename(uri.path);
  const { size } = await workspace.fs.stat(uri);
  if (size > MOST_BYTES)
    throw new Error(`${name} has ${size} bytes, which is too large for a file of Unmask.`);
  return { name, text: new TextDecoder().decode(await workspace.fs.readFile(uri)) };
}
