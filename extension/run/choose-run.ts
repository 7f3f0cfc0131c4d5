import { existsSync } from 'node:fs';
import path from 'node:path';
import { type QuickPickItem, window, workspace } from 'vscode';

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

/** Lets the user choose the folder of a run: those of the workspace, or any other. Undefined when none is chosen. */
export async function chooseRun(): Promise<string | undefined> {
  const dirs = await findRuns();
  const items: Item[] = [
    ...dirs.map((dir) => ({ label: path.basename(dir), description: workspace.asRelativePath(dir), dir })),
    { label: '$(folder-opened) Another folder…' },
  ];
  const picked = dirs.length > 0 ? await window.showQuickPick(items, { title: 'Training Run' }) : items[0];
  if (!picked) return undefined;
  const dir = picked.dir ?? (await openFolder());
  if (dir !== undefined && !existsSync(path.join(dir, 'metrics.jsonl'))) {
    throw new Error(`${dir} is not a training run: it has no metrics.jsonl.`);
  }
  return dir;
}

async function openFolder(): Promise<string | undefined> {
  const [uri] =
    (await window.showOpenDialog({ title: 'Training Run', canSelectFolders: true, canSelectFiles: false })) ??
    [];
  return uri?.fsPath;
}
