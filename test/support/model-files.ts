import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

export const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');

/** An empty folder that is removed when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'unmask-test-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A copy of a fixture folder that the test may damage. */
export function copyOfFixture(t: TestContext, name: string): string {
  const dir = path.join(temporaryFolder(t), name);
  cpSync(path.join(FIXTURES, name), dir, { recursive: true });
  return dir;
}

/** Changes keys of a JSON file; undefined removes one. */
export function editJson(file: string, changes: Record<string, unknown>): void {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
}

/** A safetensors file put together by hand: header as text or object, then the data. */
export function writeRawSafetensors(file: string, header: string | object, data: Uint8Array): void {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, data]));
}

/** A safetensors file of fp32 tensors. */
export function writeFloats(
  file: string,
  tensors: Record<string, { dims: number[]; values: ArrayLike<number> }>,
): void {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { dims, values }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(Float32Array.from(values).buffer);
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [end, end + bytes.length] };
    parts.push(bytes);
    end += bytes.length;
  }
  writeRawSafetensors(file, header, Buffer.concat(parts));
}
