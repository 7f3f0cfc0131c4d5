import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli, startCli } from '../support/run-cli.ts';

const OPTIONS = { timeout: 60_000 };

function framed(message: object): string {
  const body = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

test('the language server answers on standard output and ends with its client', OPTIONS, async () => {
  const { child, result } = startCli('lsp', '--stdio');
  const params = { processId: null, rootUri: null, capabilities: {} };
  child.stdin.write(framed({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdin.end();
  const { stdout } = await result;
  assert.match(
    stdout,
    /^Content-Length: \d+\r\n\r\n\{"jsonrpc":"2.0","id":1,"result":.*inlineCompletionProvider/,
  );
});

test('without --stdio it is wrong usage', OPTIONS, async () => {
  const { code, stdout } = await runCli('lsp');
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
});
