import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { Tokenizer as Encoder } from '@huggingface/tokenizers';
import { UserError } from '../errors.ts';
import { byteLevelBytes } from './byte-level.ts';
import type { ModelFolder } from './model-folder.ts';
import { isVocabulary, readJson, readVocabulary } from './vocabulary-files.ts';

/** Turns a response into text while it grows: a character is given out when its last byte has come. */
export interface TextStream {
  /** Text that the token completes; may be empty. */
  push(id: number): string;
  /** What is left of an unfinished character, as U+FFFD. */
  end(): string;
}

/** A byte-level BPE tokenizer. Special tokens are never made from text and give no text. */
export class Tokenizer {
  /** One more than the largest token id. */
  readonly vocabSize: number;
  readonly #encoder: Encoder;
  /** Name of every added token, most of them special. */
  readonly #added: ReadonlyMap<number, string>;
  readonly #idOfSpecial: ReadonlyMap<string, number>;
  readonly #bytes = new Map<number, Uint8Array>();

  constructor(encoder: Encoder, added: ReadonlyMap<number, string>) {
    this.#encoder = encoder;
    this.#added = added;
    this.#idOfSpecial = new Map([...added].map(([id, name]) => [name, id]));
    this.vocabSize = Math.max(encoder.model?.vocab.length ?? 0, ...[...added.keys()].map((id) => id + 1));
  }

  /**
   * Token ids of `text`; nothing is added. A lone surrogate counts as U+FFFD. Takes about 2 µs a character of code
   * and up to 10 µs of one long run, so callers cut large texts first.
   */
  encode(text: string): number[] {
    return this.#encoder.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of `ids`; bytes that are no UTF-8 become U+FFFD, special tokens nothing. */
  decode(ids: readonly number[]): string {
    const stream = this.stream();
    return ids.map((id) => stream.push(id)).join('') + stream.end();
  }

  /** One token as a person reads it: its text, or the name of a special token such as `<|endoftext|>`. */
  tokenText(id: number): string {
    return this.#added.get(id) ?? Buffer.from(this.tokenBytes(id)).toString('utf8');
  }

  /** Id of a special token by its name, such as `<|im_end|>`. */
  specialToken(name: string): number | undefined {
    return this.#idOfSpecial.get(name);
  }

  /** UTF-8 bytes of a token, which may begin or end inside a character; none for special and unknown ids. */
  tokenBytes(id: number): Uint8Array {
    let bytes = this.#bytes.get(id);
    if (!bytes) {
      const piece = this.#added.has(id) ? '' : (this.#encoder.id_to_token(id) ?? '');
      bytes = byteLevelBytes(piece);
      this.#bytes.set(id, bytes);
    }
    return bytes;
  }

  /** Whether the tokenizer has a token of this id. */
  has(id: number): boolean {
    return this.#added.has(id) || this.#encoder.id_to_token(id) !== undefined;
  }

  stream(): TextStream {
    const decoder = new StringDecoder('utf8');
    return { push: (id) => decoder.write(this.tokenBytes(id)), end: () => decoder.end() };
  }
}

/**
 * Loads the tokenizer of a model folder. Throws UserError when there is none, when it is no byte-level BPE and when
 * it does not match the model: ids beyond the vocabulary, no token for an id that config.json names, or text for the mask.
 */
export async function loadTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const { file: tokenizerPath, values } = await readTokenizer(folder);
  const { spec } = folder;
  const tokenizer = makeTokenizer(tokenizerPath, values as TokenizerFile);
  if (tokenizer.vocabSize > spec.vocabSize) {
    throw new UserError(
      `${tokenizerPath} does not match the model: it has ids up to ${tokenizer.vocabSize - 1}, config.json has vocab_size ${spec.vocabSize}.`,
    );
  }
  const named = [...spec.stopTokenIds, ...spec.suppressedTokenIds];
  const unknown = named.find((id) => !tokenizer.has(id));
  if (unknown !== undefined) {
    throw new UserError(
      `${tokenizerPath} does not match the model: it has no token ${unknown}, which config.json names.`,
    );
  }
  const { maskTokenId } = spec;
  if (maskTokenId !== undefined && tokenizer.tokenBytes(maskTokenId).length > 0) {
    throw new UserError(
      `${tokenizerPath} does not match the model: token ${maskTokenId}, the mask in config.json, is the text ${JSON.stringify(tokenizer.tokenText(maskTokenId))}.`,
    );
  }
  return tokenizer;
}

/** Identifies what a model's tokenizer does: a hash, 16 hexadecimal digits. Throws UserError when there is none. */
export async function hashTokenizer(folder: ModelFolder): Promise<string> {
  const { values } = await readTokenizer(folder);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);
}

/** What tokenizer.json says, or would say where there are other files in its place. */
async function readTokenizer({
  dir,
  tokenizerPath: file,
}: ModelFolder): Promise<{ file: string; values: unknown }> {
  if (file === undefined) throw new UserError(`${dir} has no tokenizer.json, so it cannot read text.`);
  return { file, values: isVocabulary(file) ? await readVocabulary(file) : await readJson(file) };
}

interface TokenizerFile {
  model: { type?: string };
  decoder?: { type?: string } | null;
  added_tokens: { id: number; content: string }[];
}

function makeTokenizer(file: string, values: TokenizerFile): Tokenizer {
  if (values?.decoder?.type !== 'ByteLevel' || values.model?.type !== 'BPE') {
    throw new UserError(`${file} is not a byte-level BPE tokenizer, which is the only kind supported.`);
  }
  try {
    const added = new Map(values.added_tokens.map(({ id, content }) => [id, content]));
    // Without its added tokens the encoder treats their names in a user's text as ordinary characters.
    return new Tokenizer(new Encoder({ ...values, added_tokens: [] }, {}), added);
  } catch (error) {
    throw new UserError(`${file} is not a valid tokenizer: ${(error as Error).message}.`);
  }
}
