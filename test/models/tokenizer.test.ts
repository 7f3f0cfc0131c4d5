import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import type { ModelFolder } from '../../server/models/model-folder.ts';
import { loadTokenizer, type Tokenizer } from '../../server/models/tokenizer.ts';
import { FIXTURES, temporaryFolder } from '../support/model-files.ts';
import { tinySpec } from '../support/tiny-model.ts';

const TOKENIZER = path.join(import.meta.dirname, '..', '..', 'models', 'unmask-135m', 'tokenizer.json');

/** Texts and the ids that the Rust tokenizers library gives for them. */
const ENCODINGS: { text: string; ids: number[] }[] = JSON.parse(
  readFileSync(path.join(FIXTURES, 'unmask-135m', 'encodings.json'), 'utf8'),
);

/** As much of a model folder as the tokenizer looks at. */
function folder(tokenizerPath: string | undefined, changes: Partial<ModelFolder['spec']> = {}): ModelFolder {
  const spec = tinySpec({ vocabSize: 49152, stopTokenIds: [0], suppressedTokenIds: [7, 8, 9], ...changes });
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
