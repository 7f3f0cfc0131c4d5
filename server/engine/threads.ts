import os from 'node:os';

/** Beyond this many threads a forward of a few rows gains nothing. */
const MOST = 8;

/**
 * Threads of one forward when the user has not said: all of two cores, otherwise one core is left to the editor. The
 * system counts two for every physical core on most larger machines, and the second one slows a forward down.
 */
export function defaultThreads(cores = os.availableParallelism()): number {
  if (cores <= 2) return cores;
  if (cores <= 4) return cores - 1;
  return Math.min(MOST, Math.floor(cores / 2));
}
