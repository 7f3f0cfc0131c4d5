/** The language server with its engine process, both from the sources, over standard input and output. */
import path from 'node:path';
import { createConnection } from 'vscode-languageserver/node';
import { EngineHost } from '../../server/engine/host.ts';
import { startServer } from '../../server/lsp/server.ts';

const ENGINE = path.join(import.meta.dirname, '../../server/engine/main.ts');

startServer(createConnection(process.stdin, process.stdout), {
  createEngine: (settings, log) =>
    new EngineHost({ command: { args: ['--import', 'tsx', ENGINE] }, settings, log }),
  embeddedModelDir: path.join(import.meta.dirname, '../../models/unmask-135m'),
});
