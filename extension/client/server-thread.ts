/**
 * A thread of the extension host that has the language server's process: forking a process as large as the extension
 * host, and reading and writing its messages, would stop the loop that all extensions share. JSON-RPC messages go
 * through as they are; what the server prints is logged like its own log messages. Ends when the server does.
 */
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parentPort, workerData } from 'node:worker_threads';

/** Waiting for the last output of a server that has ended. */
const OUTPUT_MS = 200;

const MESSAGE_TYPE = { error: 1, log: 4 } as const;

const port = parentPort!;
const server = fork(workerData as string, ['--node-ipc', `--clientProcessId=${process.pid}`], {
  silent: true,
  execArgv: [],
  // In a desktop VS Code this program is Electron.
  env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
});

server.on('message', (message) => port.postMessage(message));
server.on('error', (error) => {
  throw error;
});
// With 'close' all that it printed has come; a process of its own may hold its output open.
server.on('close', () => process.exit());
server.on('exit', () => setTimeout(() => process.exit(), OUTPUT_MS));
port.on('message', (message) => {
  if (server.connected) server.send(message, () => {});
});

for (const [stream, type] of [
  [server.stdout!, MESSAGE_TYPE.log],
  [server.stderr!, MESSAGE_TYPE.error],
] as const) {
  createInterface(stream).on('line', (message) => {
    port.postMessage({ jsonrpc: '2.0', method: 'window/logMessage', params: { type, message } });
  });
}
