import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import type { DocumentFile, TrainingDocument } from './document.ts';

const NEWLINE = 10;
/** A line of no more bytes is empty, whatever its ending. */
const SHORTEST = 1;

/**
 * A file of JSON lines, each {prompt, completion}, {prefix, suffix, middle}, {text} or
 * {prompt_ids, completion_ids}. Only the places of its lines are
 * kept in memory. Throws UserError where the file, or later a line, cannot be read.
 */
export async function openJsonLines(file: string): Promise<DocumentFile> {
  const { lines, bytes, hash } = await findLines(file);
  return {
    file,
    bytes,
    hash,
    count: lines.length,
    async read(index) {
      const handle = await open(file);
      try {
        const { start, length, number } = lines[index];
        const { buffer } = await handle.read(Buffer.alloc(length), 0, length, start);
        return parseLine(buffer.toString('utf8'), `${file}, line ${number}`);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Where a line lies in its file, in bytes. */
interface Line {
  /** Counted from 1. */
  number: number;
  start: number;
  length: number;
}

/** Every line that is not empty. */
async function findLines(file: string): Promise<{ lines: Line[]; bytes: number; hash: string }> {
  const lines: Line[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  let start = 0;
  let number = 1;
  const endLine = (end: number) => {
    if (end - start > SHORTEST) lines.push({ number, start, length: end - start });
    number++;
    start = end + 1;
  };
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) endLine(bytes + at);
      bytes += chunk.length;
    }
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  endLine(bytes);
  return { lines, bytes, hash: hash.digest('hex') };
}

function parseLine(text: string, where: string): TrainingDocument {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where}, is not valid JSON: ${(error as Error).message.slice(0, 80)}.`);
  }
  const field = (name: string) => {
    const value = (row as Record<string, unknown> | null)?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [prompt, completion, text_] = [field('prompt'), field('completion'), field('text')];
  const [prefix, suffix, middle] = [field('prefix'), field('suffix'), field('middle')];
  if (prompt !== undefined && completion !== undefined) return { kind: 'completion', prompt, completion };
  if (prefix !== undefined && suffix !== undefined && middle !== undefined) {
    return { kind: 'infill', prefix, suffix, middle };
  }
  if (text_ !== undefined) return { kind: 'text', text: text_ };
  const ids = (name: string) => {
    const value = (row as Record<string, unknown> | null)?.[name];
    return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0)
      ? value
      : undefined;
  };
  const [promptIds, completionIds] = [ids('prompt_ids'), ids('completion_ids')];
  if (promptIds && completionIds) return { kind: 'tokens', prompt: promptIds, completion: completionIds };
  throw new UserError(
    `${where}, has neither prompt and completion nor prefix, suffix and middle nor text nor prompt_ids and completion_ids.`,
  );
}
