import { existsSync } from 'node:fs';
import path from 'node:path';
import { type QuickPickItem, window, workspace } from 'vscode';
import { stopRequested } from '../training/run-files.ts';
import { isAlive, type RunSummary, summarise } from '../training/run-summary.ts';
import { RunReader } from './run-reader.ts';

interface Item extends QuickPickItem {
  dir?: string;
}

/** Folders of the workspace's runs, newest first. */
export async function findRuns(): Promise<string[]> {
  const found = await workspace.findFiles('**/runs/*/config.json', '**/node_modules/**', 200);
  return found
    .map(({ fsPath }) => path.dirname(fsPath))
    .sort()
    .reverse();
}

/** What a list says of the run in a folder. */
export async function readSummary(dir: string): Promise<RunSummary> {
  return summarise(await new RunReader(dir).read(), { isAlive, stopRequested: stopRequested(dir) });
}

/**
 * Lets the user choose the folder of a run: those of the workspace that fit, or any other. Undefined when none is chosen.
 */
export async function chooseRun(
  title: string,
  fits: (summary: RunSummary, dir: string) => boolean = () => true,
): Promise<string | undefined> {
  const runs = await Promise.all(
    (await findRuns()).map(async (dir) => ({ dir, summary: await readSummary(dir) })),
  );
  const items: Item[] = [
    ...runs
      .filter(({ summary, dir }) => fits(summary, dir))
      .map(({ dir, summary: { description } }) => {
        return { label: path.basename(dir), description, detail: workspace.asRelativePath(dir), dir };
      }),
    { label: '$(folder-opened) Another folder…' },
  ];
  const placeHolder = items.length > 1 ? undefined : 'There is none in this workspace';
  const picked = await window.showQuickPick(items, { title, placeHolder });
  if (!picked) return undefined;
  const dir = picked.dir ?? (await openFolder());
  if (dir !== undefined && !existsSync(path.join(dir, 'config.json'))) {
    throw new Error(`${dir} is not a training run: it has no config.json.`);
  }
  return dir;
}

async function openFolder(): Promise<string | undefined> {
  const [uri] =
    (await window.showOpenDialog({ title: 'Training Run', canSelectFolders: true, canSelectFiles: false })) ??
    [];
  return uri?.fsPath;
}
