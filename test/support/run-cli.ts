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

/** Starts `unmask` with these arguments, from the sources. */
export function startCli(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...args]);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const result = ended.then(([stdout, stderr, [code]]): CliResult => ({ code, stdout, stderr }));
  return { child, result };
}

/** Runs `unmask` with these arguments and no input to its end. */
export function runCli(...args: string[]): Promise<CliResult> {
  const { child, result } = startCli(...args);
  child.stdin.end();
  return result;
}
