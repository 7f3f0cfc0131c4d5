import { type Disposable, Uri, workspace } from 'vscode';
import type { ConfigurationParams } from 'vscode-languageserver';
import type { Client } from './client.ts';

const SECTION = 'unmask';

/** Answers what the server asks of the settings, for a document or for the window, and says when they have changed. */
export function answerConfiguration(client: Client): Disposable {
  client.onRequest('workspace/configuration', ({ items }: ConfigurationParams) =>
    items.map(({ section, scopeUri }) => {
      const scope = scopeUri === undefined ? undefined : Uri.parse(scopeUri);
      const values = workspace.getConfiguration(undefined, scope).get(section ?? SECTION);
      return JSON.parse(JSON.stringify(values ?? null));
    }),
  );
  return workspace.onDidChangeConfiguration((event) => {
    // Without the values: the server asks for them document by document.
    if (event.affectsConfiguration(SECTION)) {
      client.sendNotification('workspace/didChangeConfiguration', { settings: null });
    }
  });
}
