import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { readSafetensorsHeader, type SafetensorsHeader, type TensorTable } from './safetensors.ts';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** All tensors of a folder's checkpoint, from one file or from the shards that an index names. */
export interface Checkpoint {
  tensors: TensorTable;
  /** Header bytes of every file in the order of their names. */
  headers: Uint8Array[];
}

/** Reads the headers of a folder's weights. Throws UserError when there are none or when index and shards disagree. */
export async function readCheckpoint(dir: string): Promise<Checkpoint> {
  if (existsSync(path.join(dir, INDEX_FILE))) return readSharded(dir);
  if (!existsSync(path.join(dir, SINGLE_FILE))) {
    throw new UserError(`${dir} has no weights: neither ${SINGLE_FILE} nor ${INDEX_FILE} is there.`);
  }
  const header = await readSafetensorsHeader(dir, SINGLE_FILE);
  return { tensors: header.tensors, headers: [header.bytes] };
}

async function readSharded(dir: string): Promise<Checkpoint> {
  const index = path.join(dir, INDEX_FILE);
  const weightMap = parseIndex(index, await readFile(index, 'utf8'));
  const headers = new Map<string, SafetensorsHeader>();
  for (const file of [...new Set(weightMap.values())].sort()) {
    if (path.basename(file) !== file)
      throw new UserError(`${index} names ${file}, which is not a plain file name.`);
    headers.set(file, await readSafetensorsHeader(dir, file));
  }
  const tensors: TensorTable = new Map();
  for (const [tensor, file] of weightMap) {
    const location = headers.get(file)?.tensors.get(tensor);
    if (!location) throw new UserError(`${index} says that ${file} holds ${tensor}, but it does not.`);
    tensors.set(tensor, location);
  }
  for (const [file, header] of headers) {
    for (const tensor of header.tensors.keys()) {
      if (weightMap.get(tensor) === file) continue;
      throw new UserError(
        `${path.join(dir, file)} holds ${tensor}, which ${INDEX_FILE} does not place there.`,
      );
    }
  }
  return { tensors, headers: [...headers.values()].map((header) => header.bytes) };
}

function parseIndex(index: string, text: string): Map<string, string> {
  let weightMap: unknown;
  try {
    weightMap = JSON.parse(text)?.weight_map;
  } catch (error) {
    throw new UserError(`${index} is not JSON: ${(error as Error).message}.`);
  }
  const entries = typeof weightMap === 'object' && weightMap !== null ? Object.entries(weightMap) : [];
  if (entries.length === 0) throw new UserError(`${index} has no weight_map.`);
  for (const [tensor, file] of entries) {
    if (typeof file !== 'string') throw new UserError(`${index}: weight_map.${tensor} is not a file name.`);
  }
  return new Map(entries as [string, string][]);
}
