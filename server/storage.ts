import os from 'node:os';
import path from 'node:path';

/** Where counters and what was found out about this machine are when a client names no folder. */
export function defaultStorageDir(): string {
  const state =
    process.env.XDG_STATE_HOME ?? process.env.LOCALAPPDATA ?? path.join(os.homedir(), '.local', 'state');
  return path.join(state, 'unmask');
}
