import path from 'node:path';
import { ConfigurationTarget, ProgressLocation, window } from 'vscode';
import type { ExportProgress, ExportResult } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine } from '../command-line.ts';
import { chooseRun } from '../run/choose-run.ts';
import { currentSettings } from '../settings.ts';
import { hasCheckpoint } from './run-files.ts';
import type { RunItem } from './runs-tree.ts';

/** Makes a model of the best checkpoint of a run and sets it as the one that completes in this workspace. */
export async function useCheckpoint(app: App, item?: RunItem): Promise<void> {
  const dir =
    item?.dir ?? (await chooseRun('Use a Checkpoint for Completion', (_, run) => hasCheckpoint(run)));
  if (dir === undefined) return;
  const made = await exportBest(app, dir);
  if (!made) return;
  const before = currentSettings().inspect<string>('model')?.workspaceValue;
  const set = (model: string | undefined) =>
    currentSettings().update('model', model, ConfigurationTarget.Workspace);
  await set(made.dir);
  const back = 'Go Back';
  const message = `Unmask: step ${made.step} of ${path.basename(dir)} completes in this workspace now. Choose Model changes that.`;
  if ((await window.showInformationMessage(message, back)) === back) await set(before);
}

/** Undefined when it was cancelled. */
async function exportBest({ context }: App, dir: string): Promise<ExportResult | undefined> {
  const options = {
    location: ProgressLocation.Notification,
    title: 'Unmask: making a model of the checkpoint',
    cancellable: true,
  };
  const made = await window.withProgress(options, async (progress, cancelled) => {
    let shown = 0;
    const onLine = (value: unknown) => {
      const { share } = value as Partial<ExportProgress>;
      if (share === undefined) return;
      progress.report({ increment: 100 * (share - shown) });
      shown = share;
    };
    return runCommandLine(context, ['runs', 'export', dir], { onLine, cancelled });
  });
  return made as ExportResult | undefined;
}
