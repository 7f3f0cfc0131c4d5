import { renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { DIST } from './paths.mjs';

/** No package may be larger, in bytes: people install it over hotel networks. */
const BUDGET = 190e6;

/** Where the package of a target is written. */
export function vsixPath(target) {
  return path.join(DIST, `unmask-${target}.vsix`);
}

/**
 * Packs a staged folder and checks the size against the budget.
 * @param {string} target
 * @param {string} folder
 * @returns {Promise<{ file: string, bytes: number }>}
 */
export async function packVsix(target, folder) {
  const file = vsixPath(target);
  const temporary = `${file}.tmp`;
  // Links of the README stay as they are: what they point to is in the package or on the web.
  await createVSIX({
    cwd: folder,
    packagePath: temporary,
    target,
    dependencies: false,
    rewriteRelativeLinks: false,
  });
  const bytes = statSync(temporary).size;
  if (bytes > BUDGET) throw new Error(`${file} has ${megabytes(bytes)}; the budget is ${megabytes(BUDGET)}.`);
  renameSync(temporary, file);
  return { file, bytes };
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
