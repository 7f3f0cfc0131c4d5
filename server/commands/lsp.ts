import { runServerOnStdio } from '../lsp/run-server.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT } from './run.ts';

export const lsp: Command = {
  name: 'lsp',
  usage: '--stdio',
  summary: 'the language server for any editor, over standard input and output',
  options: { stdio: { type: 'boolean', help: 'the only transport there is' } },
  async run(args, values, io) {
    if (!values.stdio || args.length > 0) throw new UsageError('the language server runs with --stdio');
    io.signal.addEventListener('abort', () => process.exit(EXIT.interrupted));
    runServerOnStdio();
    // The server ends the process when its client says so or goes away.
    await new Promise<never>(() => {});
  },
};
