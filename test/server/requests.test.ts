import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Editor, URI } from './editor.ts';

const RULES = [{ after: 'def add(a, b):\n    ', tokens: ['return', ' a', ' +', ' b', '\n', 'x'] }];
const DOCUMENT = 'def add(a, b):\n    █\n\nprint(add(1, 2))\n';

test('a session from initialize to exit', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  const [item] = (await editor.ask().answer)!;
  const cursor = { line: 1, character: 4 };
  assert.deepEqual(item, {
    insertText: 'return a + b',
    range: { start: cursor, end: cursor },
    filterText: 'return a + b',
    command: { title: 'Completion accepted', command: 'unmask.accepted', arguments: ['1'] },
  });
  assert.equal(await editor.client.shutdown(), 0);
});

test('cancellation reaches the engine within one forward', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.client.request('fake/hold', { on: true });
  const { answer, cancel } = editor.ask({ manual: true });
  await editor.client.notification('fake/forward');
  cancel();
  assert.equal(await answer, null);
  assert.deepEqual(await editor.client.notification('fake/end'), { request: 1, stop: 'cancelled' });
  assert.equal(editor.forwards, 1);
});

test('the latest request wins', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, [...RULES, { after: 'xyz ', tokens: ['= 1234'] }]);
  await editor.client.request('fake/hold', { on: true });
  const first = editor.ask({ manual: true }).answer;
  await editor.client.notification('fake/forward');
  editor.type('xyz ');
  await editor.client.request('fake/hold', { on: false });
  const second = editor.answer({ manual: true });
  assert.equal(await first, null);
  await editor.client.request('fake/release', {});
  assert.equal(await second, '= 1234');
  assert.equal(editor.forwards, 2);
});

test('text typed along is answered without a forward', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  assert.equal(await editor.answer(), 'return a + b');
  const forwards = editor.forwards;
  for (const key of 'return a ') {
    editor.type(key);
    assert.ok(await editor.answer());
  }
  assert.equal(await editor.answer(), '+ b');
  assert.equal(editor.forwards, forwards);
});

test('a running request is taken over when what was typed agrees with it', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.client.request('fake/hold', { on: true });
  const first = editor.ask({ manual: true });
  await editor.client.notification('fake/forward');
  await editor.client.request('fake/release', {});
  await editor.client.notification('fake/forward', 2);
  editor.type('ret');
  first.cancel();
  assert.equal(await first.answer, null);
  const second = editor.answer({ manual: true });
  await editor.client.request('fake/hold', { on: false });
  await editor.client.request('fake/release', {});
  assert.equal(await second, 'urn a + b');
  assert.deepEqual(await editor.client.notification('fake/end'), { request: 1, stop: 'token' });
  assert.equal(editor.client.count('fake/end'), 1);
});

test('a running request ends when something else is typed', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.client.request('fake/hold', { on: true });
  const first = editor.ask();
  await editor.client.notification('fake/forward');
  await editor.client.request('fake/release', {});
  await editor.client.notification('fake/forward', 2);
  editor.type('pass');
  assert.equal(await first.answer, null);
  assert.deepEqual(await editor.client.notification('fake/end'), { request: 1, stop: 'cancelled' });
});

test('an answer that comes too late is kept for typing along', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  await editor.client.request('unmask/restartEngine', undefined);
  await editor.client.request('fake/hold', { on: true });
  assert.equal(await editor.answer(), null);
  await editor.client.request('fake/hold', { on: false });
  await editor.client.request('fake/release', {});
  await editor.client.notification('fake/end');
  const forwards = editor.forwards;
  editor.type('re');
  assert.equal(await editor.answer(), 'turn a + b');
  assert.equal(editor.forwards, forwards);
});

test('200 requests at once: the last is answered, the others are null', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  const answers = await Promise.all(Array.from({ length: 200 }, () => editor.answer()));
  assert.deepEqual(answers.slice(0, -1), new Array(199).fill(null));
  assert.equal(answers.at(-1), 'return a + b');
});

test('a completion continues the selected suggestion and has its range', async (t) => {
  const editor = new Editor(t);
  await editor.start('numbers = [1]\nprnt█\n', [{ after: 'print', tokens: ['(numbers)'] }]);
  const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } };
  const [item] = (await editor.ask({ selected: { range, text: 'print' } }).answer)!;
  assert.equal(item.insertText, 'print(numbers)');
  assert.deepEqual(item.range, range);
  assert.equal(item.filterText, 'prnt(numbers)');
});

test('closing brackets that the editor has put there are overwritten or left, never doubled', async (t) => {
  const editor = new Editor(t);
  await editor.start('numbers = [1]\nprint(█)\n', [{ after: 'print(', tokens: ['sum(numbers)', ').bit'] }]);
  const [item] = (await editor.ask().answer)!;
  assert.equal(item.insertText, 'sum(numbers)).bit');
  assert.deepEqual(item.range, { start: { line: 1, character: 6 }, end: { line: 1, character: 7 } });
});

test('a document that is closed or was never opened has no completions', async (t) => {
  const editor = new Editor(t);
  await editor.start(DOCUMENT, RULES);
  assert.equal(await editor.answer({ uri: 'file:///project/other.py' }), null);
  const answer = editor.answer();
  editor.client.notify('textDocument/didClose', { textDocument: { uri: URI } });
  assert.equal(await answer, null);
});
