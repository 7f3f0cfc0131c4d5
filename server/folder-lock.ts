import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.ts';
import { fileProblem } from './files.ts';

const LOCK_FILE = 'lock';
/** Held while the lock changes hands. */
const CHANGING_FILE = 'lock.changing';
const RETRY_MS = 2;

/**
 * Makes this process the only one at work in a folder; returns what gives the folder free. A lock left by a process
 * that is no more is taken over. Throws UserError with what `busy` says of the process that has it.
 */
export function lockFolder(dir: string, busy: (owner: number) => string): () => void {
  const file = path.join(dir, LOCK_FILE);
  const own = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(own, String(process.pid));
    // A dead lock is looked at and replaced in two steps, which no two processes may do at a time.
    alone(dir, own, () => {
      const owner = ownerOf(file);
      if (owner !== undefined) throw new UserError(busy(owner));
      rmSync(file, { force: true });
      linkSync(own, file);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${dir} cannot be written: ${fileProblem(error as Error)}.`);
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/** Does a change of files that takes no time while no other process does one. */
function alone(dir: string, own: string, change: () => void): void {
  const file = path.join(dir, CHANGING_FILE);
  // A link appears with its contents: a file never looks as if it had no owner because it is still being written.
  while (!succeeds('EEXIST', () => linkSync(own, file))) {
    if (isLeft(file)) discard(file);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
  try {
    change();
  } finally {
    rmSync(file, { force: true });
  }
}

/** The process that has locked a folder; undefined when there is none. */
export function lockOwner(dir: string): number | undefined {
  return ownerOf(path.join(dir, LOCK_FILE));
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ownerOf(file: string): number | undefined {
  const text = contentOf(file);
  return text === undefined ? undefined : ownerIn(text);
}

function ownerIn(text: string): number | undefined {
  const pid = Number(text);
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether a process died with the file. Not where it has just gone: the next one there is somebody's. */
function isLeft(file: string): boolean {
  const text = contentOf(file);
  return text !== undefined && ownerIn(text) === undefined;
}

/** Takes away a file without an owner; one that somebody has put in its place in the meantime goes back. */
function discard(file: string): void {
  const aside = `${file}.stale.${process.pid}.partial`;
  if (!succeeds('ENOENT', () => renameSync(file, aside))) return;
  if (ownerOf(aside) !== undefined) succeeds('EEXIST', () => linkSync(aside, file));
  rmSync(aside, { force: true });
}

/** False where `change` fails with this code; other failures are thrown. */
function succeeds(code: string, change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
