import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import type { Task } from '../../tasks/task.ts';
import { definitions } from './definitions.ts';
import { lexemes } from './lexemes.ts';
import ownHashes from './test-sets.json' with { type: 'json' };

/** Shorter texts are everybody's. In characters, space not counted. */
const SHORTEST = 30;

/** Hashes of texts that no training may see, by the name of their set. */
export type HashList = Record<string, readonly string[]>;

/** The texts of test sets, known by their hashes only. */
export class TestSets {
  readonly #setOf = new Map<string, string>();

  /** The sets that the project knows, and those of more lists, as `unmask data hash` writes them. Throws UserError. */
  static async open(files: readonly string[]): Promise<TestSets> {
    return new TestSets([ownHashes, ...(await Promise.all(files.map(readHashList)))]);
  }

  constructor(lists: readonly HashList[]) {
    for (const [name, hashes] of lists.flatMap((list) => Object.entries(list))) {
      for (const hash of hashes) this.#setOf.set(hash, name);
    }
  }

  /** The set that one of the texts, or one of the top-level definitions in them, belongs to. */
  setOf(texts: readonly string[]): string | undefined {
    return hashesOf(texts)
      .map((hash) => this.#setOf.get(hash))
      .find((name) => name !== undefined);
  }
}

/** What of a task no training may see: its text, its solution, and the program that both make. */
export function taskTexts({ text, prefix, reference, suffix = '' }: Task): string[] {
  return [text, reference, prefix + reference + suffix];
}

/** Hashes of the texts and of the definitions in them. */
export function hashesOf(texts: readonly string[]): string[] {
  const all = texts.flatMap((text) => [text, ...definitions(text)]);
  return [...new Set(all.flatMap((text) => hashText(text) ?? []))];
}

/** The first 128 bits of SHA-256 over the lexemes; undefined for a text that is too short to be told from others. */
function hashText(text: string): string | undefined {
  const normal = lexemes(text);
  if (normal.reduce((length, lexeme) => length + lexeme.length, 0) < SHORTEST) return undefined;
  return createHash('sha256').update(normal.join(' ')).digest('hex').slice(0, 32);
}

/** Reads a list of hashes. Throws UserError. */
export async function readHashList(file: string): Promise<HashList> {
  let list: unknown;
  try {
    list = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  const isRecord = typeof list === 'object' && list !== null && !Array.isArray(list);
  if (isRecord && Object.values(list as object).every(Array.isArray)) return list as HashList;
  throw new UserError(`${file} is no list of hashes: make one with unmask data hash.`);
}
