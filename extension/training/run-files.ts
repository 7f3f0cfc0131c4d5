import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Files of a run's folder that mean something by being there; see server/train/run/. */
export const STOP_FILE = 'stop';
const LATEST = 'latest';

/** Asks a run to write a checkpoint and stop after its step. */
export async function requestStop(run: string): Promise<void> {
  await writeFile(path.join(run, STOP_FILE), '');
}

/** Whether it was asked and has not begun anew since. */
export function stopRequested(run: string): boolean {
  return existsSync(path.join(run, STOP_FILE));
}

export function hasCheckpoint(run: string): boolean {
  return existsSync(path.join(run, LATEST));
}
