import { Disposable, type TextDocument, workspace } from 'vscode';
import type { Client } from './client.ts';
import { rangeOf } from './converted.ts';

/** Where completions are offered: not in commit messages, output channels or the old side of a comparison. */
export const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell'];

/** Tells every server of the open documents and of each change in them, before anything is asked of it. */
export function syncDocuments(client: Client): Disposable {
  const followed = ({ uri }: TextDocument) => SCHEMES.includes(uri.scheme);
  const open = (document: TextDocument) => {
    if (!followed(document)) return;
    const { uri, languageId, version } = document;
    const textDocument = { uri: uri.toString(), languageId, version, text: document.getText() };
    client.sendNotification('textDocument/didOpen', { textDocument });
  };
  return Disposable.from(
    client.onDidChangeState(() => {
      if (client.running) workspace.textDocuments.forEach(open);
    }),
    workspace.onDidOpenTextDocument(open),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!followed(document) || contentChanges.length === 0) return;
      client.sendNotification('textDocument/didChange', {
        textDocument: { uri: document.uri.toString(), version: document.version },
        contentChanges: contentChanges.map(({ range, text }) => ({ range: rangeOf(range), text })),
      });
    }),
    workspace.onDidCloseTextDocument((document) => {
      if (!followed(document)) return;
      client.sendNotification('textDocument/didClose', { textDocument: { uri: document.uri.toString() } });
    }),
  );
}
