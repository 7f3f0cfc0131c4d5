import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '../../folder-lock.ts';

/** Folders of a run in which files get a temporary name first. */
const FOLDERS = ['.', 'checkpoints', 'traces'];
const PARTIAL = /^step-\d+\.partial$|\.(\d+)\.partial$/;

/** Removes what killed processes left half-written in a run folder; what another process is writing now stays. */
export async function removeLeftovers(dir: string): Promise<void> {
  for (const folder of FOLDERS) {
    const names = await readdir(path.join(dir, folder)).catch(() => []);
    for (const name of names) {
      const partial = PARTIAL.exec(name);
      const writer = Number(partial?.[1] ?? process.pid);
      if (!partial || (writer !== process.pid && isAlive(writer))) continue;
      await rm(path.join(dir, folder, name), { recursive: true, force: true });
    }
  }
}
