import type { ParseArgsConfig } from 'node:util';

/** Options in the form of `util.parseArgs`, with the text that `--help` prints for each. */
export type Options = Record<string, NonNullable<ParseArgsConfig['options']>[string] & { help: string }>;

export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** Where a command writes. stdout carries results only; everything else goes to stderr. */
export interface Io {
  json: boolean;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
  /** A result: the text for people, or with --json the object as one line. */
  result(text: string, value: unknown): void;
  /** Progress and remarks, on stderr. */
  note(text: string): void;
}

/** One command of the command line, one file each; server/cli.ts holds the table. */
export interface Command {
  /** One or two words, such as `model verify`. */
  name: string;
  /** What follows the name, such as `DIR GOLDEN [--grad]`. */
  usage: string;
  summary: string;
  options: Options;
  /** Throws UserError when the input is at fault, UsageError when the call is. */
  run(args: string[], values: Values, io: Io): Promise<void>;
}

/** The call is wrong (exit code 2); the message is followed by the command's usage. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A process that did the command's work has failed and said why; its exit code is passed on. */
export class ChildFailed extends Error {
  override name = 'ChildFailed';
  readonly code: number;

  constructor(code: number) {
    super(`A child process ended with code ${code}.`);
    this.code = code;
  }
}
