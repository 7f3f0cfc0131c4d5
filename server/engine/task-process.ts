import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ENGINE_ENVIRONMENT, type EngineCommand } from './engine-process.ts';

/** A probe compiles shaders, which takes a software renderer twenty seconds. */
const LONGEST_MILLISECONDS = 90_000;

/**
 * Has the engine's program do one task in a process of its own: what it printed, and how it ended, which continues the
 * sentence "The process …". Rejects only when `signal` is aborted, which ends the process.
 */
export async function runTask(
  command: EngineCommand,
  task: readonly string[],
  signal?: AbortSignal,
): Promise<{ output: string; end: string }> {
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [...command.args, ...task], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...ENGINE_ENVIRONMENT },
    timeout: LONGEST_MILLISECONDS,
    killSignal: 'SIGKILL',
    signal,
    windowsHide: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signalName) =>
      resolve(
        child.killed
          ? `did not end within ${LONGEST_MILLISECONDS / 1000} s`
          : `ended with ${signalName ?? `code ${code}`}`,
      ),
    );
  });
  const [output, end] = await Promise.all([text(child.stdout), ended]);
  signal?.throwIfAborted();
  return { output, end };
}
