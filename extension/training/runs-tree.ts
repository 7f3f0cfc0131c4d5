import path from 'node:path';
import {
  type Disposable,
  EventEmitter,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  Uri,
  window,
  workspace,
} from 'vscode';
import { findRuns, readSummary } from '../run/choose-run.ts';
import type { RunSummary } from './run-summary.ts';

/** A run in the list; `contextValue` decides which actions it has. */
export class RunItem extends TreeItem {
  readonly dir: string;

  constructor(dir: string) {
    super(path.basename(dir));
    this.dir = dir;
    this.id = dir;
    this.resourceUri = Uri.file(dir);
    this.command = { command: 'unmask.openRun', title: 'Open', arguments: [this] };
  }
}

/** The runs of the workspace, newest first, as their folders have them. */
export function createRunsTree(): Disposable {
  const changed = new EventEmitter<void>();
  const refresh = () => changed.fire();
  const treeDataProvider: TreeDataProvider<RunItem> = {
    onDidChangeTreeData: changed.event,
    getChildren: async () => (await findRuns()).map((dir) => new RunItem(dir)),
    async getTreeItem(item) {
      const summary = await readSummary(item.dir);
      item.description = summary.description;
      // The list is narrow: here is all of it.
      item.tooltip = [item.label, summary.description, summary.reason].filter((line) => line).join('\n');
      item.contextValue = summary.phase;
      item.iconPath = new ThemeIcon(iconOf(summary));
      return item;
    },
  };
  const watcher = workspace.createFileSystemWatcher('**/runs/*/{state.json,stop}');
  watcher.onDidCreate(refresh);
  watcher.onDidChange(refresh);
  watcher.onDidDelete(refresh);
  const view = window.createTreeView('unmask.runs', { treeDataProvider });
  // The end of a process that was killed is in no file.
  view.onDidChangeVisibility(refresh);
  return { dispose: () => [view, watcher, changed].forEach((part) => void part.dispose()) };
}

function iconOf({ phase, reason }: RunSummary): string {
  if (phase === 'running') return 'sync';
  if (phase === 'done') return 'check';
  return reason ? 'warning' : 'debug-pause';
}
