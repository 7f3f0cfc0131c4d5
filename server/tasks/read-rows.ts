import fs from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../errors.ts';
import type { Row } from './formats.ts';

/** One row of a file, or why its line is not one. `line` counts from 1. */
export type RowOrProblem = { line: number; row: Row } | { line: number; problem: string };

/** Rows of a file of JSON lines or of one JSON list, plain or gzipped. Throws UserError when it cannot be read. */
export async function readRows(file: string): Promise<RowOrProblem[]> {
  const source = await readText(file);
  if (source.trimStart().startsWith('[')) return readList(file, source);
  const rows: RowOrProblem[] = [];
  source.split('\n').forEach((text, index) => {
    if (text.trim() !== '') rows.push(parseLine(text, index + 1));
  });
  return rows;
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await fs.readFile(file);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

function readList(file: string, source: string): RowOrProblem[] {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw new UserError(`${file} is not valid JSON: ${(error as Error).message.slice(0, 120)}.`);
  }
  return (value as unknown[]).map((row, index) =>
    isRow(row) ? { line: index + 1, row } : { line: index + 1, problem: 'is not a JSON object' },
  );
}

function parseLine(text: string, line: number): RowOrProblem {
  try {
    const row = JSON.parse(text);
    return isRow(row) ? { line, row } : { line, problem: 'is not a JSON object' };
  } catch (error) {
    return { line, problem: `is not valid JSON (${(error as Error).message.slice(0, 80)})` };
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
