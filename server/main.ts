import { runServer } from './lsp/run-server.ts';

runServer();
