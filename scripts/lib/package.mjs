import path from 'node:path';
import { ROOT } from './paths.mjs';
import { stage } from './stage.mjs';
import { megabytes, packVsix } from './vsix.mjs';

/**
 * Makes the VSIX of one platform from what is built, and prints its size.
 * @param {string} target
 * @returns {Promise<string>} the file
 */
export async function packageTarget(target) {
  const { file, bytes } = await packVsix(target, stage(target));
  console.log(`${path.relative(ROOT, file)}: ${megabytes(bytes)}`);
  return file;
}
