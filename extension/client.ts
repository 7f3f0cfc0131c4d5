import type { ExtensionContext, LogOutputChannel } from 'vscode';
import {
  LanguageClient,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
  TransportKind,
} from 'vscode-languageclient/node';
import type { InitializationOptions } from '../server/protocol.ts';

/** For the other modules too: each that imports the library has its hundreds of names copied when it is loaded. */
export { State };

/** Where completions are offered: not in commit messages, output channels or the old side of a comparison. */
const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell'];

/** The status item shows how far the model is loaded; the editor's own progress would say it a second time. */
const withoutProgress: StaticFeature = {
  fillClientCapabilities: ({ window }) => {
    if (window) window.workDoneProgress = false;
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};

/**
 * The client of the language server that is packaged with the extension. The library restarts a server that died,
 * four times within three minutes, and then says so once.
 */
export function createClient(context: ExtensionContext, log: LogOutputChannel): LanguageClient {
  const initializationOptions: InitializationOptions = { storageDir: context.globalStorageUri.fsPath };
  const serverOptions = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.ipc };
  const client = new LanguageClient('unmask', 'Unmask', serverOptions, {
    documentSelector: SCHEMES.map((scheme) => ({ scheme })),
    initializationOptions,
    outputChannel: log,
    // No popup for a failed request: the log and the status item tell.
    revealOutputChannelOn: RevealOutputChannelOn.Never,
  });
  client.registerFeature(withoutProgress);
  return client;
}
