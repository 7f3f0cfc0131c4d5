import { readFileSync } from 'node:fs';

/** What a file holds; nothing while it is not there or only half written. */
export function readJson(file: string) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
