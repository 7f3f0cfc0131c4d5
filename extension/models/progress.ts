import { ProgressLocation, window } from 'vscode';
import type { DownloadProgress } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { hubEnvironment } from './hub.ts';

/** Runs a downloading command of the command line with a progress bar; its last line, or undefined when it was cancelled. */
export function runWithProgress({ context }: App, what: string, args: readonly string[]): Thenable<unknown> {
  const options = { location: ProgressLocation.Notification, title: `Unmask: ${what}`, cancellable: true };
  return window.withProgress(options, async (progress, cancelled) => {
    let shown = 0;
    const onLine = (value: unknown) => {
      const { done, total } = value as Partial<DownloadProgress>;
      if (done === undefined || total === undefined) return;
      const percent = (100 * done) / total;
      const message = `${gigabytes(done)} of ${gigabytes(total)} GB`;
      progress.report({ increment: percent - shown, message });
      shown = percent;
    };
    const environment = await hubEnvironment(context);
    return runCommandLine(context, args, { onLine, cancelled, environment });
  });
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
