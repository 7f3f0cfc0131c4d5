import { Worker } from 'node:worker_threads';

const INTERVAL_MILLISECONDS = 1000;

/**
 * Runs in a thread of its own because a forward blocks the main one, and it may hang there. It is kept as text so that
 * it needs no file beside the bundle.
 */
const SOURCE = `
const parent = require('node:worker_threads').workerData;
function parentLives() {
  if (process.ppid !== parent) return false;
  try {
    process.kill(parent, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
setInterval(() => {
  if (!parentLives()) process.kill(process.pid, 'SIGKILL');
}, ${INTERVAL_MILLISECONDS});
`;

/** Ends this process soon after its parent has gone, whatever the main thread is doing. */
export function endWithParent(): void {
  new Worker(SOURCE, { eval: true, workerData: process.ppid }).unref();
}
