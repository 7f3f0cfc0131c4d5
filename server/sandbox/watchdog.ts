import { Worker } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;

/**
 * Starts a thread that kills this process once its parent is gone: stdin's end is not seen while a candidate
 * holds the main thread, and a loop in C cannot be interrupted.
 */
export function startWatchdog(file: string): void {
  const thread = new Worker(file, {
    workerData: process.ppid,
    env: {},
    argv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
}

/** The thread's own work. */
export function watch(parent: number): void {
  setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) process.kill(process.pid, 'SIGKILL');
  }, LOOK_EVERY_MS);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
