import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetOf, parsePlace, readText } from '../../server/commands/input.ts';
import { UserError } from '../../server/errors.ts';

test('a place is the end of the argument: the file may have colons', () => {
  assert.deepEqual(parsePlace('C:\\a b.py:3:14'), { file: 'C:\\a b.py', line: 3, column: 14 });
});

for (const bad of ['', 'a.py', 'a.py:3', ':1:1', 'a.py:x:1', 'a.py:1:', 'a.py:-1:2']) {
  test(`'${bad}' is no place`, () => assert.throws(() => parsePlace(bad), UserError));
}

const TEXT = 'ab\r\n\n\ud83d\ude42c';

test('every offset is the place that counting gives', () => {
  for (const [line, column, offset] of [
    [1, 1, 0],
    [1, 3, 2],
    [2, 1, 4],
    [3, 1, 5],
    [3, 4, 8],
  ]) {
    assert.equal(offsetOf(TEXT, { file: 'f', line, column }), offset);
  }
  assert.equal(offsetOf('', { file: 'f', line: 1, column: 1 }), 0);
});

for (const [line, column] of [
  [0, 1],
  [1, 0],
  [1, 4],
  [2, 2],
  [3, 5],
  [4, 1],
  [1e15, 1],
]) {
  test(`line ${line}, column ${column} is not in the text`, () => {
    assert.throws(() => offsetOf(TEXT, { file: 'f', line, column }), UserError);
  });
}

test('a line beyond the end is told with the number of lines', () => {
  const place = { file: 'f', line: 9, column: 1 };
  assert.throws(() => offsetOf('', place), { message: 'f has 1 line, so there is no line 9.' });
  assert.throws(() => offsetOf(TEXT, place), { message: 'f has 3 lines, so there is no line 9.' });
});

test('a file that cannot be read is named', async () => {
  await assert.rejects(readText('/nowhere/a.py'), {
    name: 'UserError',
    message: '/nowhere/a.py cannot be read: there is no such file.',
  });
  await assert.rejects(readText(import.meta.dirname), /it is a folder/);
});
