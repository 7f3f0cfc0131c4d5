import path from 'node:path';
import { insideBubblewrap } from './bubblewrap.ts';

/** How a child process is started. */
export interface Launch {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** A worker whose program is `script` in the runtime folder, with as little of Node as its flags can leave. */
export function launchNode(runtime: string, script: string, args: string[], readable: string[] = []): Launch {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const launch = {
    command: process.execPath,
    args: [
      '--no-warnings',
      permission,
      // One thread, which ends the process when its parent is gone (watchdog.ts).
      '--allow-worker',
      ...[path.join(runtime, '*'), ...readable].map((place) => `--allow-fs-read=${place}`),
      '--disallow-code-generation-from-strings',
      '--max-old-space-size=256',
      path.join(runtime, script),
      ...args,
    ],
    env: minimalEnvironment(),
  };
  return insideBubblewrap(launch, [runtime, ...readable]);
}

/** Nothing of the parent's environment but what the program could not start without. */
function minimalEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  if (process.versions.electron) env.ELECTRON_RUN_AS_NODE = '1';
  if (process.env.SystemRoot) env.SystemRoot = process.env.SystemRoot;
  return env;
}
