import type { DownloadProgress } from '../protocol.ts';
import type { Io } from './command.ts';

const INTERVAL_MILLISECONDS = 500;

/** Tells of bytes that have come: a line now and then, and the last one. */
export function progressReporter(io: Io): (done: number, total: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    if (done < total && performance.now() - last < INTERVAL_MILLISECONDS) return;
    last = performance.now();
    const progress: DownloadProgress = { done, total };
    if (io.json) io.result('', progress);
    else io.note(`${gigabytes(done)} of ${gigabytes(total)}`);
  };
}

/** Passes on every tenth of the way once, in percent. */
export function reportTenths(report: (percent: number) => void): (share: number) => void {
  let last = 0;
  return (share) => {
    const tenth = Math.floor(share * 10 + 1e-9);
    if (tenth > last) report(tenth * 10);
    last = tenth;
  };
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
}
