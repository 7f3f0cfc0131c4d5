import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { CancellationToken, ExtensionContext } from 'vscode';

/** What a detached command has printed, in the folder of its run. */
export const OUTPUT_FILE = 'output.txt';

export interface CommandHooks {
  /** Gets every object as it is printed. */
  onLine?(value: unknown): void;
  /** Gets every line that is printed beside the objects. */
  onNote?(line: string): void;
  cancelled?: CancellationToken;
  /** Beside the editor's own. */
  environment?: Readonly<Record<string, string>>;
}

/**
 * Runs the packaged command line with --json: the last object that it prints, undefined where there is none or it was
 * cancelled. Rejects with the sentence that it ends with when it fails.
 */
export async function runCommandLine(
  context: ExtensionContext,
  args: readonly string[],
  { onLine, onNote, cancelled, environment }: CommandHooks = {},
): Promise<unknown> {
  const child = spawn(process.execPath, [program(context), ...args, '--json'], {
    env: { ...baseEnvironment(context), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const subscription = cancelled?.onCancellationRequested(() => child.kill());
  try {
    const [[code], last, printed] = await Promise.all([
      once(child, 'close'),
      readObjects(child.stdout, onLine),
      readNotes(child.stderr, onNote),
    ]);
    if (cancelled?.isCancellationRequested) return undefined;
    if (code !== 0) throw new Error(complaint(printed));
    return last;
  } finally {
    subscription?.dispose();
  }
}

/**
 * Starts a command that outlives the window: a process of its own at low priority, which works beside `run` and prints
 * into a file of it. Rejects where it cannot be started.
 */
export async function startDetached(
  context: ExtensionContext,
  args: readonly string[],
  run: string,
): Promise<void> {
  mkdirSync(run, { recursive: true });
  const output = openSync(path.join(run, OUTPUT_FILE), 'a');
  try {
    const child = spawn(process.execPath, [program(context), ...args], {
      cwd: path.dirname(run),
      detached: true,
      stdio: ['ignore', output, output],
      env: baseEnvironment(context),
      windowsHide: true,
    });
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
    child.unref();
    await once(child, 'spawn');
  } finally {
    closeSync(output);
  }
}

function program(context: ExtensionContext): string {
  return context.asAbsolutePath('dist/cli.js');
}

/** The editor's own program runs the command line, as Node. */
function baseEnvironment(context: ExtensionContext): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ELECTRON_RUN_AS_NODE: '1',
    UNMASK_MODELS: path.join(context.globalStorageUri.fsPath, 'models'),
  };
}

async function readObjects(stream: Readable, onLine?: (value: unknown) => void): Promise<unknown> {
  let last: unknown;
  for await (const line of createInterface({ input: stream })) {
    last = JSON.parse(line);
    onLine?.(last);
  }
  return last;
}

async function readNotes(stream: Readable, onNote?: (line: string) => void): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream })) {
    lines.push(line);
    onNote?.(line);
  }
  return lines.join('\n');
}

/** The sentence after the command's name, or everything where it did not get to one. */
function complaint(printed: string): string {
  const [, sentence] = /^unmask [^:\n]*: ([\s\S]*)/m.exec(printed) ?? [];
  return (sentence ?? printed).trim();
}
