import { ProgressLocation, window } from 'vscode';
import type { DownloadProgress } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { hubEnvironment } from './hub.ts';

/**
 * Runs a downloading command of the command line with a progress bar; its last line, or undefined when it was cancelled,
 * which it says.
 */
export async function runWithProgress(
  { context }: App,
  what: string,
  args: readonly string[],
): Promise<unknown> {
  const options = { location: ProgressLocation.Notification, title: `Unmask: ${what}`, cancellable: true };
  const result = await window.withProgress(options, async (progress, cancelled) => {
    let shown = 0;
    const onLine = (value: unknown) => {
      const { done, total } = value as Partial<DownloadProgress>;
      if (done === undefined || total === undefined) return;
      const percent = (100 * done) / total;
      progress.report({ increment: percent - shown, message: `${size(done)} of ${size(total)}` });
      shown = percent;
    };
    const environment = await hubEnvironment(context);
    return runCommandLine(context, args, { onLine, cancelled, environment });
  });
  if (result === undefined) {
    window.showInformationMessage(`Unmask: ${what} was cancelled; another time it goes on from there.`);
  }
  return result;
}

/** Bytes for people. */
export function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
