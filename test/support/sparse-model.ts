import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { readSpec } from '../../server/models/read-spec.ts';
import { expectedWeights } from '../../server/models/weight-names.ts';

/** Writes a bf16 checkpoint of zeros in this shape that takes no room on the disk. Returns the bytes of its weights. */
export function writeSparseModel(dir: string, config: Record<string, unknown>): number {
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { dims }] of expectedWeights(readSpec('config.json', config))) {
    const start = end;
    end += dims.reduce((product, n) => product * n, 2);
    header[name] = { dtype: 'BF16', shape: dims, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path.join(dir, 'model.safetensors'), 'w');
  writeSync(file, Buffer.concat([length, json]));
  ftruncateSync(file, 8 + json.length + end);
  closeSync(file);
  return end;
}
