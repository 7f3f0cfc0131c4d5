import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ChildFailed } from '../commands/command.ts';
import { ENGINE_ENVIRONMENT } from '../engine/engine-process.ts';

/** Whether this process was started with what an engine process is started with, so that its forwards are as fast. */
export function hasEngineEnvironment(environment: NodeJS.ProcessEnv): boolean {
  return Object.entries(ENGINE_ENVIRONMENT).every(([name, value]) => environment[name] === value);
}

/**
 * Runs this command line once more in the environment of an engine process: the allocator reads it only when a process
 * starts. The child writes to our streams. Throws ChildFailed when it fails.
 */
export async function runInEngineEnvironment(signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ...ENGINE_ENVIRONMENT },
    windowsHide: true,
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code] = await once(child, 'close');
    if (code !== 0) throw new ChildFailed(code ?? 1);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
