import { env, version, window } from 'vscode';
import { type DiagnosticsResult, METHODS } from '../server/protocol.ts';
import type { App } from './app.ts';

/** Puts what a bug report needs on the clipboard; without a server, what the extension itself knows. */
export async function copyDiagnostics({ context, client, server }: App): Promise<void> {
  const own = [
    `Unmask ${context.extension.packageJSON.version}`,
    `VS Code ${version} on ${process.platform}-${process.arch}${env.remoteName ? ` (${env.remoteName})` : ''}`,
    `State ${JSON.stringify(server.status.state)}`,
  ];
  const ofServer = server.running
    ? (await client.sendRequest<DiagnosticsResult>(METHODS.diagnostics)).text
    : 'The language server is not running.';
  await env.clipboard.writeText([...own, ofServer].join('\n'));
  window.setStatusBarMessage('Unmask: diagnostics copied', 3000);
}
