import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';

export const VOCABULARY_FILE = 'vocab.json';
const MERGES_FILE = 'merges.txt';
const ADDED_FILE = 'added_tokens.json';
const CONFIG_FILE = 'tokenizer_config.json';

/** Files of a tokenizer that has no tokenizer.json, tokenizer_config.json aside. */
export const VOCABULARY_FILES = [VOCABULARY_FILE, MERGES_FILE, ADDED_FILE];

/** How Qwen2 parts a text; letters in both cases are spelt out, since not every runtime knows `(?i:…)`. */
const QWEN2_PARTS =
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

export function isVocabulary(file: string): boolean {
  return path.basename(file) === VOCABULARY_FILE;
}

/**
 * What tokenizer.json would say of a tokenizer that is published as vocab.json, merges.txt and its added tokens, as
 * those of Dream and SDAR are: byte-level BPE as Qwen2 has it. `file` is vocab.json. Throws UserError.
 */
export async function readVocabulary(file: string): Promise<object> {
  const at = (name: string) => path.join(path.dirname(file), name);
  if (!existsSync(at(MERGES_FILE)))
    throw new UserError(`${file} is no tokenizer without ${MERGES_FILE} beside it.`);
  const lines = (await readFile(at(MERGES_FILE), 'utf8')).split(/\r?\n/);
  const split = { type: 'Split', pattern: { Regex: QWEN2_PARTS }, behavior: 'Isolated', invert: false };
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    version: '1.0',
    added_tokens: await readAdded(at(CONFIG_FILE), at(ADDED_FILE)),
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, bytes] },
    post_processor: null,
    decoder: bytes,
    model: {
      type: 'BPE',
      vocab: await readJson(file),
      merges: lines.filter((line) => line !== '' && !line.startsWith('#version')),
    },
  };
}

/** Parses a JSON file; throws UserError naming it. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${(error as Error).message}.`);
  }
}

/** Added tokens from tokenizer_config.json, else from added_tokens.json. */
async function readAdded(config: string, added: string): Promise<{ id: number; content: string }[]> {
  const decoder = existsSync(config)
    ? ((await readJson(config)) as { added_tokens_decoder?: Record<string, { content: string }> })
        .added_tokens_decoder
    : undefined;
  if (decoder) return Object.entries(decoder).map(([id, { content }]) => ({ id: Number(id), content }));
  if (!existsSync(added)) return [];
  return Object.entries((await readJson(added)) as Record<string, number>).map(([content, id]) => ({
    id,
    content,
  }));
}
