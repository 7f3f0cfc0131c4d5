import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Editor, URI } from './editor.ts';

const MEGABYTE = 2 ** 20;
const ANY = [{ after: '', tokens: ['total', ' = ', '1234'] }];

const DOCUMENTS: Record<string, { document: string; answer: string | null }> = {
  'a document of 10 MB': { document: `${'x = 1\n'.repeat((10 * MEGABYTE) / 6)}█`, answer: 'total = 1234' },
  'a line of 1 MB': { document: `values = [${'1, '.repeat(MEGABYTE / 3)}█`, answer: 'total = 1234' },
  'lone surrogates': { document: 'a = "\ud800"\nb = "\udc00"\n█\n', answer: 'total = 1234' },
  'a cursor between surrogates': { document: 'x = 1\n\ud83d█\ude00\n', answer: null },
  'CRLF line ends': { document: 'def f():\r\n    x = 1\r\n    █\r\n', answer: 'total = 1234' },
  tabs: { document: 'def f():\n\tx = 1\n\t█\n', answer: 'total = 1234' },
  'an empty file': { document: '█', answer: null },
};

for (const [name, { document, answer }] of Object.entries(DOCUMENTS)) {
  test(name, async (t) => {
    const editor = new Editor(t);
    await editor.start(document, ANY);
    assert.equal(await editor.answer(), answer);
    assert.equal(await editor.client.shutdown(), 0);
  });
}

test('a cursor past the end of the line or the document is at the end', async (t) => {
  const editor = new Editor(t);
  await editor.start('x = 1\n\n', [{ after: '\n', tokens: ['y = 1234'] }]);
  const position = { line: 99, character: 99 };
  const [item] = (await editor.ask({ position }).answer)!;
  assert.deepEqual(item.range, { start: { line: 2, character: 0 }, end: { line: 2, character: 0 } });
  assert.equal(await editor.answer({ position: { line: 0, character: 4_000_000_000 } }), null);
});

test('secrets and unwanted documents are never sent to the model', async (t) => {
  const editor = new Editor(t);
  const settings = { exclude: ['**/generated/**', '*.min.js'], languages: { '*': true, plaintext: false } };
  await editor.start('', ANY, { settings });
  const refused: [uri: string, languageId: string][] = [
    ['file:///project/.env', 'dotenv'],
    ['file:///project/.env.local', 'dotenv'],
    ['file:///home/me/.ssh/id_ed25519', 'python'],
    ['file:///project/server.pem', 'python'],
    ['file:///project/generated/a.py', 'python'],
    ['file:///project/app.min.js', 'javascript'],
    ['file:///project/notes.txt', 'plaintext'],
    ['vscode-scm:git/input', 'scminput'],
    ['output:unmask', 'log'],
  ];
  for (const [uri, languageId] of refused) {
    editor.client.notify('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text: 'password = 1\n' },
    });
    assert.equal(await editor.answer({ uri, position: { line: 1, character: 0 }, manual: true }), null, uri);
  }
  assert.equal(editor.forwards, 0);
});

test('settings that make no sense have their defaults, and the log says so once', async (t) => {
  const editor = new Editor(t);
  const settings = { maxTokens: 'many', decode: 'magic', minConfidence: 7, exclude: 'x', unknown: 1 };
  await editor.start('x = 1\n█', ANY, { settings });
  assert.equal(await editor.answer(), 'total = 1234');
  const warnings = editor.client.received
    .filter(({ method }) => method === 'window/logMessage')
    .map(({ params }) => (params as { message: string }).message);
  assert.deepEqual(warnings.sort(), [
    'The setting unmask.decode must be one of verified, threshold, policy, ar; its default "verified" is used.',
    'The setting unmask.exclude must be of type array; its default [] is used.',
    'The setting unmask.maxTokens must be of type integer; its default 64 is used.',
    'The setting unmask.minConfidence must be at most 1; its default 0.25 is used.',
  ]);
});

test('a changed document between request and answer makes the answer null', async (t) => {
  const editor = new Editor(t);
  await editor.start('x = 1\n█', ANY);
  await editor.client.request('fake/hold', { on: true });
  const answer = editor.answer({ manual: true });
  await editor.client.notification('fake/forward');
  editor.client.notify('textDocument/didChange', {
    textDocument: { uri: URI, version: 2 },
    contentChanges: [{ text: 'everything else\n' }],
  });
  assert.equal(await answer, null);
});
