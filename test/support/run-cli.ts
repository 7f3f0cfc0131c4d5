import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const CLI = path.join(import.meta.dirname, '../../server/cli.ts');

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** What starts `unmask` with these arguments from the sources; `preload` names modules to be loaded before it. */
export function cliCommand(args: readonly string[], preload: readonly string[] = []): [string, ...string[]] {
  return [process.execPath, ...['tsx', ...preload].flatMap((one) => ['--import', one]), CLI, ...args];
}

/** Starts a program; `signal` of its result is what killed it. */
export function startProgram(
  [program, ...args]: [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
) {
  const child = spawn(program, args, { env });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const result = ended.then(([stdout, stderr, [code, signal]]) => ({ code, signal, stdout, stderr }));
  return { child, result };
}

/** Starts `unmask` with these arguments, from the sources. */
export function startCli(...args: string[]) {
  return startProgram(cliCommand(args));
}

/** Runs `unmask` with these arguments and no input to its end. */
export function runCli(...args: string[]): Promise<CliResult> {
  const { child, result } = startCli(...args);
  child.stdin.end();
  return result;
}
