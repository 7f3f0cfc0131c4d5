import path from 'node:path';
import { replaceFile } from '../files.ts';
import { CONFIG_FILE, readConfig } from '../models/registry.ts';
import type { MissingKeys } from '../protocol.ts';

/**
 * Adds those of `keys` to the config.json of a model folder that it lacks, and returns them. The others are as they were
 * published. Throws UserError.
 */
export async function completeConfig(dir: string, keys: MissingKeys): Promise<MissingKeys> {
  const { values } = await readConfig(dir);
  const missing = Object.fromEntries(Object.entries(keys).filter(([key]) => (values[key] ?? null) === null));
  if (Object.keys(missing).length > 0) {
    await replaceFile(path.join(dir, CONFIG_FILE), `${JSON.stringify({ ...values, ...missing }, null, 2)}\n`);
  }
  return missing;
}
