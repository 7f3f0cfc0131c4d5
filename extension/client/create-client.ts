import { type ExtensionContext, env, type LogOutputChannel, version } from 'vscode';
import type { InitializationOptions } from '../../server/protocol.ts';
import { Client } from './client.ts';
import { answerConfiguration } from './configuration.ts';
import { syncDocuments } from './documents.ts';
import { provideInlineCompletions } from './inline-completion.ts';
import { showLogMessages } from './log-messages.ts';

/** The client of the language server that is packaged with the extension, with its features; not started yet. */
export function createClient(
  context: ExtensionContext,
  log: LogOutputChannel,
  onGivenUp: (error: Error) => void,
): Client {
  const initializationOptions: InitializationOptions = { storageDir: context.globalStorageUri.fsPath };
  const client = new Client({
    thread: context.asAbsolutePath('dist/server-thread.js'),
    server: context.asAbsolutePath('dist/server.js'),
    initialize: {
      clientInfo: { name: env.appName, version },
      locale: env.language,
      rootUri: null,
      // The status item shows how far the model is loaded; the editor's own progress would say it a second time.
      capabilities: { workspace: { configuration: true }, textDocument: { inlineCompletion: {} } },
      initializationOptions,
    },
    onGivenUp,
  });
  const features = [
    showLogMessages(client, log),
    answerConfiguration(client),
    syncDocuments(client),
    provideInlineCompletions(client, log),
  ];
  context.subscriptions.push(client, ...features);
  return client;
}
