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
import { findRuns } from '../run/choose-run.ts';
import { RunReader } from '../run/run-reader.ts';
import { isAlive, summarise } from './run-summary.ts';

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
  const provider: TreeDataProvider<RunItem> = {
    onDidChangeTreeData: changed.event,
    getChildren: async () => (await findRuns()).map((dir) => new RunItem(dir)),
    async getTreeItem(item) {
      const { running, description, reason } = summarise(await new RunReader(item.dir).read(), isAlive);
      item.description = description;
      item.tooltip = reason || description;
      item.contextValue = running ? 'running' : 'resting';
      item.iconPath = new ThemeIcon(running ? 'sync' : reason ? 'warning' : 'circle-outline');
      return item;
    },
  };
  const watcher = workspace.createFileSystemWatcher('**/runs/*/state.json');
  const refresh = () => changed.fire();
  watcher.onDidCreate(refresh);
  watcher.onDidChange(refresh);
  watcher.onDidDelete(refresh);
  const view = window.registerTreeDataProvider('unmask.runs', provider);
  return { dispose: () => [view, watcher, changed].forEach((part) => void part.dispose()) };
}
