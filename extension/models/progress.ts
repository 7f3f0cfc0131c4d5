import { ProgressLocation, window } from 'vscode';
import type { DownloadProgress } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from './command-line.ts';

/** Runs a downloading command of the command line with a progress bar; its last line, or undefined when it was cancelled. */
export function runWithProgress(
  { context }: App,
  what: string,
  args: readonly string[],
): Thenable<object | undefined> {
  const options = { location: ProgressLocation.Notification, title: `Unmask: ${what}`, cancellable: true };
  return window.withProgress(options, async (progress, cancelled) => {
    let result: object | undefined;
    let shown = 0;
    const onLine = (value: unknown) => {
      const line = value as DownloadProgress | { done?: undefined };
      if (line.done === undefined) {
        result = line;
        return;
      }
      const percent = (100 * line.done) / line.total;
      const message = `${gigabytes(line.done)} of ${gigabytes(line.total)} GB`;
      progress.report({ increment: percent - shown, message });
      shown = percent;
    };
    await runCommandLine(context, args, onLine, cancelled);
    return result;
  });
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
