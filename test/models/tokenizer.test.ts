import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { loadTokenizer, type Tokenizer } from '../../server/models/tokenizer.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { tinySpec } from '../support/tiny-model.ts';
import { writeByteTokenizer } from '../support/tiny-model-folder.ts';

const TOKENIZER = path.join(import.meta.dirname, '..', '..', 'models', 'unmask-135m', 'tokenizer.json');

/** Texts and the ids that the Rust tokenizers library gives for them. */
const ENCODINGS: { text: string; ids: number[] }[] = JSON.parse(
  readFileSync(path.join(FIXTURES, 'unmask-135m', 'encodings.json'), 'utf8'),
);

/** As much of a model folder as the tokenizer looks at. */
function folder(tokenizerPath: string | undefined, changes: Partial<ModelFolder['spec']> = {}): ModelFolder {
  const ids = { maskTokenId: 7, stopTokenIds: [0], suppressedTokenIds: [7, 8, 9] };
  const spec = tinySpec({ vocabSize: 49152, ...ids, ...changes });
  return { dir: 'm', tokenizerPath, spec } as ModelFolder;
}

let tokenizer: Tokenizer;
before(async () => {
  tokenizer = await loadTokenizer(folder(TOKENIZER));
});

test('texts of many kinds are encoded as the reference does', () => {
  for (const { text, ids } of ENCODINGS) assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
});

test('decoding gives back what was encoded', () => {
  for (const { text, ids } of ENCODINGS) assert.equal(tokenizer.decode(ids), droppedBytes(text));
});

/** The vocabulary has no token for some control characters; the reference drops them as well. */
function droppedBytes(text: string): string {
  return [...text].filter((character) => tokenizer.encode(character).length > 0).join('');
}

test('the growing text of a stream is the whole text, character by character', () => {
  for (const { ids } of ENCODINGS) {
    const stream = tokenizer.stream();
    let text = '';
    for (const id of ids) {
      const piece = stream.push(id);
      assert.ok(!piece.includes('\ufffd'));
      text += piece;
    }
    assert.equal(text + stream.end(), tokenizer.decode(ids));
  }
});

test('half a character waits for its other half, and is U+FFFD when none comes', () => {
  const ids = tokenizer.encode('🎉');
  assert.ok(ids.length > 1);
  const stream = tokenizer.stream();
  assert.equal(stream.push(ids[0]), '');
  assert.equal(stream.end(), '\ufffd');
});

test('names of special tokens in a text stay text, and special tokens give none', () => {
  const ids = tokenizer.encode('<|endoftext|><gh_stars>');
  assert.ok(ids.length > 4 && ids.every((id) => id > 16));
  assert.equal(tokenizer.decode(ids), '<|endoftext|><gh_stars>');
  assert.equal(tokenizer.decode([0, ...tokenizer.encode('a'), 7]), 'a');
  assert.equal(tokenizer.tokenText(0), '<|endoftext|>');
  assert.equal(tokenizer.tokenText(tokenizer.encode(' return')[0]), ' return');
});

test('a lone surrogate counts as U+FFFD, an unknown id as nothing', () => {
  assert.deepEqual(tokenizer.encode('a\ud800b'), tokenizer.encode('a\ufffdb'));
  assert.deepEqual(tokenizer.encode('\udc00'), tokenizer.encode('\ufffd'));
  assert.equal(tokenizer.decode([99_999_999, -1]), '');
});

test('a tokenizer of another model is refused', async () => {
  const refused = (model: ModelFolder, message: RegExp) =>
    assert.rejects(loadTokenizer(model), { name: 'UserError', message });
  await refused(folder(undefined), /m has no tokenizer\.json/);
  await refused(
    folder(TOKENIZER, { vocabSize: 32000 }),
    /ids up to 49151, config\.json has vocab_size 32000/,
  );
  await refused(
    folder(TOKENIZER, { vocabSize: 151936, suppressedTokenIds: [151669] }),
    /does not match the model: it has no token 151669, which config\.json names/,
  );
});

test('files that are no byte-level BPE are refused', async (t) => {
  const file = path.join(temporaryFolder(t), 'tokenizer.json');
  const refused = async (content: string, message: RegExp) => {
    writeFileSync(file, content);
    await assert.rejects(loadTokenizer(folder(file)), { name: 'UserError', message });
  };
  await refused('{', /is not JSON/);
  await refused('null', /is not a byte-level BPE tokenizer/);
  await refused('{"model":{"type":"Unigram"},"decoder":{"type":"Metaspace"}}', /is not a byte-level BPE/);
  await refused('{"model":{"type":"BPE"},"decoder":{"type":"ByteLevel"}}', /is not a valid tokenizer/);
});

/** A tokenizer of Qwen2's kind with a few merges, as tokenizer.json and as the files that some checkpoints have instead. */
function qwen2Files(dir: string): { json: string; vocabulary: string } {
  const at = (name: string) => path.join(dir, name);
  writeByteTokenizer(dir, { 300: '<|end|>', 301: '<|mask|>' });
  const tokenizer = JSON.parse(readFileSync(at('tokenizer.json'), 'utf8'));
  const merges = ['a b', 'Ġ ab', "' s", '1 2', 'Ċ Ċ'];
  const vocab = { ...tokenizer.model.vocab };
  for (const [i, merge] of merges.entries()) vocab[merge.replace(' ', '')] = 256 + i;
  const pattern =
    "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
  const pre_tokenizer = { type: 'Sequence', pretokenizers: [split, bytes] };
  const whole = {
    ...tokenizer,
    normalizer: { type: 'NFC' },
    pre_tokenizer,
    model: { type: 'BPE', vocab, merges },
  };
  writeFileSync(at('tokenizer.json'), JSON.stringify(whole));
  writeFileSync(at('vocab.json'), JSON.stringify(vocab));
  writeFileSync(at('merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
  const added = { 300: { content: '<|end|>' }, 301: { content: '<|mask|>' } };
  writeFileSync(at('tokenizer_config.json'), JSON.stringify({ added_tokens_decoder: added }));
  return { json: at('tokenizer.json'), vocabulary: at('vocab.json') };
}

const QWEN2 = { vocabSize: 302, stopTokenIds: [300], suppressedTokenIds: [301], maskTokenId: 301 };

test('a tokenizer in vocab.json and merges.txt is that of the same tokenizer.json', async (t) => {
  const dir = temporaryFolder(t);
  const { json, vocabulary } = qwen2Files(dir);
  const whole = await loadTokenizer(folder(json, QWEN2));
  const parts = await loadTokenizer(folder(vocabulary, QWEN2));
  for (const text of ["ab it's 12 12\n\n ab", 'é e\u0301', '  tab\tx', '<|end|>'])
    assert.deepEqual(parts.encode(text), whole.encode(text), text);
  assert.deepEqual(parts.encode(" ab's12"), [257, 258, 49, 50]);
  assert.equal(parts.specialToken('<|mask|>'), 301);
  // The older place of the added tokens.
  rmSync(path.join(dir, 'tokenizer_config.json'));
  writeFileSync(path.join(dir, 'added_tokens.json'), JSON.stringify({ '<|end|>': 300, '<|mask|>': 301 }));
  assert.equal((await loadTokenizer(folder(vocabulary, QWEN2))).tokenText(300), '<|end|>');
  rmSync(path.join(dir, 'merges.txt'));
  await assert.rejects(
    loadTokenizer(folder(vocabulary, QWEN2)),
    /vocab\.json is no tokenizer without merges\.txt/,
  );
});

test('a mask that the tokenizer takes for text is refused', async (t) => {
  const { json } = qwen2Files(temporaryFolder(t));
  await assert.rejects(
    loadTokenizer(folder(json, { ...QWEN2, maskTokenId: 97, suppressedTokenIds: [97] })),
    /does not match the model: token 97, the mask in config\.json, is the text "a"\.$/,
  );
});
