import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Response } from '../../server/decode/response.ts';

/** One byte a token, so that characters straddle tokens as in byte-level vocabularies. */
const BYTES = {
  tokenText: (id: number) => String.fromCharCode(id),
  stream() {
    const decoder = new TextDecoder();
    return { push: (id: number) => decoder.decode(Uint8Array.of(id), { stream: true }) };
  },
};
const END = 0;

function respond(text: string | Uint8Array, stopStrings: string[] = [], maxTokens = 100) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const response = new Response(BYTES, { stopTokenIds: [END], stopStrings, maxTokens });
  const ended = response.settle([...bytes]);
  return { response, ended };
}

test('a stop token ends the response and has no text', () => {
  const { response, ended } = respond('ab\0cd');
  assert.ok(ended);
  assert.deepEqual([response.ids, response.text, response.stop], [[97, 98, 0], 'ab', 'token']);
});

test('a stop string does not begin in what the text had to begin with', () => {
  const response = new Response(BYTES, {
    stopTokenIds: [END],
    stopStrings: ['\n'],
    maxTokens: 9,
    beginning: 1,
  });
  response.settle([...new TextEncoder().encode('\nab\nc')]);
  assert.deepEqual([response.text, response.stop], ['\nab', 'string']);
});

test('a stop string is found across tokens and cut; the token that completes it is the last', () => {
  const { response } = respond('x = 1\n\ny = 2', ['\n\n']);
  assert.deepEqual([response.text, response.ids.length, response.stop], ['x = 1', 7, 'string']);
});

test('the earliest of several stop strings counts, and a half one does not', () => {
  assert.equal(respond('abcabd', ['abd', 'zz']).response.text, 'abc');
  assert.equal(respond('abcdef', ['def', 'cd']).response.text, 'ab');
  assert.equal(respond('abcab', ['abd']).ended, false);
});

test('a line without indentation ends the response where that is asked for', () => {
  const body = (text: string, beginning = 0) => {
    const rules = { stopTokenIds: [END], stopStrings: [], stopAtDedent: true, maxTokens: 100, beginning };
    const response = new Response(BYTES, rules);
    response.settle([...new TextEncoder().encode(text)]);
    return [response.text, response.stop];
  };
  assert.deepEqual(body('\n    a = f(\n        1,\n)\n\n    b = [\n]\n\nWord'), [
    '\n    a = f(\n        1,\n)\n\n    b = [\n]\n',
    'string',
  ]);
  assert.deepEqual(body('\nab\n c\nd', 2), ['\nab\n c', 'string']);
  assert.deepEqual(body('\n  a\n\n  \n\tb'), ['\n  a\n\n  \n\tb', undefined]);
});

test('the length limit ends the response; a stop at the limit is a stop', () => {
  assert.equal(respond('abcdef', [], 3).response.text, 'abc');
  assert.equal(respond('abcdef', [], 3).response.stop, 'length');
  assert.equal(respond('ab\0', [], 3).response.stop, 'token');
});

test('a character cut by token borders appears with its last byte', () => {
  const { response } = respond('a€𝄞b');
  assert.deepEqual(response.texts, ['a', '', '', '€', '', '', '', '𝄞', 'b']);
  assert.equal(response.text, 'a€𝄞b');
});

test('bytes that never make a character do not hold back what follows', () => {
  const { response } = respond(Uint8Array.from([97, 0xff, 98, 99, 100, 101]));
  assert.equal(response.text, 'a\uFFFDbcde');
});

test('a response that ends inside a character leaves its bytes out', () => {
  const { response } = respond('ab€', [], 4);
  assert.equal(response.text, 'ab');
  assert.equal(response.texts.join(''), response.text);
});
