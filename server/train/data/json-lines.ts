import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import { type Row, RowError, readRow } from '../../tasks/formats.ts';
import { taskPrompt } from '../../tasks/prompt.ts';
import type { Task } from '../../tasks/task.ts';
import type { DocumentFile, TrainingDocument } from './document.ts';
import { testSetNamed } from './test-task.ts';

const NEWLINE = 10;
/** A line of no more bytes is empty, whatever its ending. */
const SHORTEST = 1;

/**
 * A file of JSON lines, each {prompt, completion}, {prefix, suffix, middle}, {text}, {prompt_ids, completion_ids} or a
 * programming task; a `licence` may stand beside. Only the places of its lines are kept in memory. Throws UserError where
 * the file, or later a line, cannot be read.
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
  if (typeof row !== 'object' || row === null) throw new UserError(`${where}, is not a JSON object.`);
  const { licence, license } = row as Row;
  const declared = licence ?? license;
  const testSet = testSetNamed(row as Row);
  return {
    ...contentOf(row as Row, where),
    ...(typeof declared === 'string' && { licence: declared }),
    ...(testSet !== undefined && { testSet }),
  };
}

function contentOf(row: Row, where: string): TrainingDocument {
  if ('test_list' in row || 'canonical_solution' in row) return taskDocument(row, where);
  const field = (name: string) => {
    const value = row[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [prompt, completion, text] = [field('prompt'), field('completion'), field('text')];
  const [prefix, suffix, middle] = [field('prefix'), field('suffix'), field('middle')];
  if (prompt !== undefined && completion !== undefined) return { kind: 'completion', prompt, completion };
  if (prefix !== undefined && suffix !== undefined && middle !== undefined) {
    return { kind: 'infill', prefix, suffix, middle };
  }
  if (text !== undefined) return { kind: 'text', text };
  const ids = (name: string) => {
    const value = row[name];
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

function solution({ prefix, reference }: Task, prompt: string): string {
  return prefix === '' ? reference : (prefix + reference).slice(prompt.length);
}

/** A programming task with its solution, asked for as evaluation and rollouts do. */
function taskDocument(row: Row, where: string): TrainingDocument {
  try {
    const task = readRow(row);
    const { prefix, suffix } = taskPrompt(task);
    return suffix === undefined
      ? { kind: 'completion', prompt: prefix, completion: solution(task, prefix) }
      : { kind: 'infill', prefix, suffix, middle: task.reference };
  } catch (error) {
    if (error instanceof RowError) throw new UserError(`${where}, ${error.message}.`);
    throw error;
  }
}
