import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../errors.ts';

const LOCK_FILE = 'lock';

/**
 * Makes this process the only trainer of a run folder; returns what gives the folder free. A lock left by a process
 * that is no more is taken over. Throws UserError where another trainer is at work.
 */
export function lockRun(dir: string): () => void {
  const file = path.join(dir, LOCK_FILE);
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new UserError(`${dir} cannot be written: ${(error as Error).message}.`);
      }
    }
    const owner = lockOwner(dir);
    if (owner !== undefined) {
      throw new UserError(`process ${owner} is training in ${dir}: stop it first, or use another folder.`);
    }
    rmSync(file, { force: true });
  }
}

/** The process that trains in a folder; undefined when there is none. */
export function lockOwner(dir: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path.join(dir, LOCK_FILE), 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number(text);
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
