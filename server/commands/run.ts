import { parseArgs } from 'node:util';
import { UserError } from '../errors.ts';
import { ChildFailed, type Command, type Io, type Options, UsageError } from './command.ts';

const COMMON = {
  json: { type: 'boolean', help: 'one JSON object (or JSON lines) on stdout' },
  help: { type: 'boolean', short: 'h', help: 'show this text' },
} as const;

/** Exit codes of the command line: done, failed input or run, wrong usage, interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Finds the command that `argv` names, runs it and returns the exit code. */
export async function runCommand(commands: readonly Command[], argv: string[]): Promise<number> {
  const command = findCommand(commands, argv);
  if (!command) {
    const asked = argv[0] === undefined || argv[0] === '--help' || argv[0] === '-h';
    write(asked ? process.stdout : process.stderr, overview(commands, asked ? undefined : argv[0]));
    return argv[0] === '--help' || argv[0] === '-h' ? EXIT.done : EXIT.usage;
  }
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const { positionals, values } = parse(command, argv.slice(command.name.split(' ').length));
    if (values.help) {
      write(process.stdout, help(command));
      return EXIT.done;
    }
    await command.run(positionals, values, makeIo(values.json === true, abort.signal));
    return abort.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    if (abort.signal.aborted) return EXIT.interrupted;
    if (error instanceof ChildFailed) return error.code;
    if (error instanceof UsageError) {
      write(process.stderr, `unmask ${command.name}: ${error.message}\n${help(command)}`);
      return EXIT.usage;
    }
    write(process.stderr, `unmask ${command.name}: ${sentence(error)}\n`);
    return EXIT.failed;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function findCommand(commands: readonly Command[], argv: string[]): Command | undefined {
  return commands.find((command) => command.name.split(' ').every((word, i) => argv[i] === word));
}

function parse(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: { ...command.options, ...COMMON }, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function makeIo(json: boolean, signal: AbortSignal): Io {
  return {
    json,
    signal,
    result: (text, value) => write(process.stdout, json ? `${JSON.stringify(value)}\n` : `${text}\n`),
    note: (text) => write(process.stderr, `${text}\n`),
  };
}

/** An unexpected error is a defect: its stack is printed only when UNMASK_DEBUG is set. */
function sentence(error: unknown): string {
  if (error instanceof UserError || !process.env.UNMASK_DEBUG) {
    return error instanceof Error ? error.message : String(error);
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function help(command: Command): string {
  const options = Object.entries<Options[string]>({ ...command.options, ...COMMON });
  const names = options.map(([name, o]) => `--${name}${o.type === 'string' ? ' VALUE' : ''}`);
  const width = Math.max(...names.map((name) => name.length));
  const lines = options.map(([, o], i) => `  ${names[i].padEnd(width)}  ${o.help}`);
  return `usage: unmask ${command.name} ${command.usage}\n${command.summary}\n\n${lines.join('\n')}\n`;
}

function overview(commands: readonly Command[], unknown?: string): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  const first = unknown === undefined ? '' : `unmask: no command '${unknown}'\n`;
  return `${first}usage: unmask COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nunmask COMMAND --help shows a command's options.\n`;
}

function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(text);
}
