import { readFileSync } from 'node:fs';
import path from 'node:path';
import wabt from 'wabt';
import { ROOT } from './paths.mjs';

/** The text of kernels/training/adamw-module.ts. */
export async function adamWModule() {
  const { parseWat } = await wabt();
  const file = 'kernels/training/adamw.wat';
  const { buffer } = parseWat(file, readFileSync(path.join(ROOT, file), 'utf8'), { simd: true }).toBinary({});
  return `/** adamw.wat as a module, in base64; made by \`npm run wasm\`. */
export const ADAMW_MODULE =
  '${Buffer.from(buffer).toString('base64')}';
`;
}
