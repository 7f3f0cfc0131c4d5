import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ExtensionContext } from 'vscode';

/** What a run's process has printed, in the folder of the run. */
export const OUTPUT_FILE = 'output.txt';

/** The editor's own program runs the command line, as Node. */
const ENVIRONMENT = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };

/**
 * Starts a command that outlives the window: a process of its own at low priority, which prints into a file of `run`.
 */
export function startDetached(context: ExtensionContext, args: string[], run: string): ChildProcess {
  mkdirSync(run, { recursive: true });
  const output = openSync(path.join(run, OUTPUT_FILE), 'a');
  try {
    const child = spawn(process.execPath, [cli(context), ...args], {
      cwd: path.dirname(run),
      detached: true,
      stdio: ['ignore', output, output],
      env: ENVIRONMENT,
    });
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** The result of a command as it prints it with --json. Throws Error with what it printed on failure. */
export async function runJson(context: ExtensionContext, args: string[]): Promise<unknown> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli(context), ...args, '--json'], {
      env: ENVIRONMENT,
      maxBuffer: 1 << 26,
    });
    return stdout.trim() === '' ? undefined : JSON.parse(stdout.trim().split('\n').at(-1)!);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split('\n').at(-1) || message);
  }
}

function cli(context: ExtensionContext): string {
  return context.asAbsolutePath('dist/cli.js');
}
