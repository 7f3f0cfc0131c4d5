import { readFileSync } from 'node:fs';

/** Whether a process is at work, by /proc. A zombie has ended; only its parent has not asked yet. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
