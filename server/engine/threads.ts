import os from 'node:os';

/** Beyond this many threads a forward of a few rows gains nothing. */
const MOST = 8;

/** Numbers of threads that may be the best for a model, ascending. */
export function threadCandidates(cores = os.availableParallelism()): number[] {
  const usual = defaultThreads(cores);
  return [...new Set([Math.ceil(usual / 2), usual, Math.min(cores, 2 * usual)])].sort((a, b) => a - b);
}

/**
 * Threads of one forward when the user has not said and nothing was measured: all of two cores, otherwise one core is left to the editor. The
 * system counts two for every physical core on most larger machines, and the second one slows a forward down.
 */
export function defaultThreads(cores = os.availableParallelism()): number {
  if (cores <= 2) return cores;
  if (cores <= 4) return cores - 1;
  return Math.min(MOST, Math.floor(cores / 2));
}
