import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeContext } from '../../server/completion/context.ts';

function contextOf(marked: string, selected?: { start: number; end: number; text: string }) {
  const text = marked.replace('█', '');
  return takeContext({
    uri: 'file:///a.py',
    languageId: 'python',
    text,
    offset: marked.indexOf('█'),
    manual: false,
    selected,
  });
}

test('a small document is taken whole', () => {
  const { prefix, suffix, linePrefix, lineSuffix, closers } = contextOf('a\nb = █\nc\n');
  assert.deepEqual(
    { prefix, suffix, linePrefix, lineSuffix, closers },
    { prefix: 'a\nb = ', suffix: '\nc\n', linePrefix: 'b = ', lineSuffix: '', closers: '' },
  );
});

test('short closers after the cursor are kept from the model, other text is not', () => {
  assert.deepEqual(
    ['f(█);\nx', 'f(█ )  \nx', 'f(█))))))))))\nx', 'f(█a)\nx'].map((marked) => {
      const { closers, lineSuffix, suffix } = contextOf(marked);
      return [closers, lineSuffix, suffix];
    }),
    [
      [');', '', '\nx'],
      [' )  ', '', '\nx'],
      ['', '))))))))))', '))))))))))\nx'],
      ['', 'a)', 'a)\nx'],
    ],
  );
});

test('between two jumps typing only appends to the prefix', () => {
  const lines = Array.from({ length: 3000 }, (_, i) => `line ${i}`).join('\n');
  let starts = 0;
  let previous = contextOf(`${lines}\n█`).prefix;
  for (let typed = 1; typed <= 600; typed++) {
    const { prefix } = contextOf(`${lines}\n${'x = 1\n'.repeat(typed)}█`);
    assert.ok(prefix.split('\n').length - 1 <= 256);
    if (!prefix.startsWith(previous)) starts++;
    previous = prefix;
  }
  // 600 lines of 6 characters: at most one jump for every 64 lines and one for every 8192 characters.
  assert.ok(starts <= 600 / 64 + 1 + (600 * 6) / 8192 + 1, `${starts} jumps`);
});

test('the prefix begins at a line, unless one line is all there is', () => {
  const long = 'y'.repeat(100_000);
  assert.equal(contextOf(`x\n${'z = 1\n'.repeat(20_000)}█`).prefix[0], 'z');
  const { prefix } = contextOf(`${long}█`);
  assert.ok(prefix.length > 16_384 && prefix.length <= 32_768);
});

test('64 lines and 16384 characters after the cursor are taken', () => {
  assert.equal(contextOf(`█\n${'a\n'.repeat(1000)}`).suffix.split('\n').length, 65);
  assert.equal(contextOf(`a = █\n${'b'.repeat(100_000)}`).suffix.length, 16_384);
});

test('no cut parts a surrogate pair, and lone surrogates are replaced', () => {
  for (let shift = 0; shift < 2; shift++) {
    const { prefix, suffix } = contextOf(
      `${'x'.repeat(shift)}${'😀'.repeat(30_000)}█${' '.repeat(9 + shift)}${'😀'.repeat(30_000)}`,
    );
    assert.doesNotMatch(prefix + suffix, /\p{Surrogate}|\ufffd/u);
  }
  assert.equal(contextOf('a\ud800b█').prefix, 'a\ufffdb');
});

test('line ends are those of the document, which the model does not see', () => {
  const { prefix, suffix, eol, start } = contextOf('a\r\nb█\r\nc');
  assert.deepEqual([prefix, suffix, eol, start], ['a\nb', '\nc', '\r\n', 4]);
  assert.equal(contextOf('a\nb█\nc').eol, '\n');
  assert.equal(contextOf('a\r█\nb').start, 1);
});

test('a selected suggestion counts as typed', () => {
  const { prefix, suffix, start, end } = contextOf('x\npri█\n', { start: 2, end: 5, text: 'print' });
  assert.deepEqual([prefix, suffix, start, end], ['x\nprint', '\n', 2, 5]);
});
