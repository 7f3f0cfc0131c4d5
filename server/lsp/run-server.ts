import { Console } from 'node:console';
import path from 'node:path';
import { type Connection, createConnection } from 'vscode-languageserver/node';
import { EngineHost } from '../engine/host.ts';
import { startServer } from './server.ts';

/** Runs the language server over the transport that the command line names, such as `--node-ipc` or `--stdio`. */
export function runServer(): void {
  run(createConnection());
}

/** Runs the language server over standard input and output, whatever the command line is. */
export function runServerOnStdio(): void {
  // Standard output carries messages and nothing else, whatever a library prints.
  globalThis.console = new Console(process.stderr, process.stderr);
  run(createConnection(process.stdin, process.stdout));
}

function run(connection: Connection): void {
  // Both paths are relative to the bundle in dist/.
  const command = { args: [path.join(import.meta.dirname, 'engine.js')] };
  startServer(connection, {
    createEngine: (settings, log) => new EngineHost({ command, settings, log }),
    measureWith: command,
    embeddedModelDir: path.join(import.meta.dirname, '../models/unmask-135m'),
  });
}
