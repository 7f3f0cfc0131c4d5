import { type FSWatcher, watch } from 'node:fs';
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
import { STOP_FILE } from './run-files.ts';
import { type RunSummary, runLabel } from './run-summary.ts';

/** A run in the list; `contextValue` decides which actions it has. */
export class RunItem extends TreeItem {
  readonly dir: string;

  constructor(dir: string) {
    super(runLabel(path.basename(dir)));
    this.dir = dir;
    this.id = dir;
    this.resourceUri = Uri.file(dir);
    this.command = { command: 'unmask.openRun', title: 'Open', arguments: [this] };
  }
}

/** The list of the workspace's runs, newest first, as their folders have them. */
export class RunsTree implements Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly #followed = new Map<string, FSWatcher>();
  readonly #parts: Disposable[];

  constructor() {
    const treeDataProvider: TreeDataProvider<RunItem> = {
      onDidChangeTreeData: this.#changed.event,
      getChildren: async () => (await findRuns()).map((dir) => new RunItem(dir)),
      getTreeItem: (item) => this.#fill(item),
    };
    const view = window.createTreeView('unmask.runs', { treeDataProvider });
    const watcher = workspace.createFileSystemWatcher('**/runs/*/state.json');
    this.#parts = [
      this.#changed,
      view,
      watcher,
      watcher.onDidCreate(this.#refresh),
      watcher.onDidChange(this.#refresh),
      watcher.onDidDelete(this.#refresh),
      // The end of a process that was killed is in no file.
      view.onDidChangeVisibility(this.#refresh),
    ];
  }

  /** Follows a run at work by its own folder: not every workspace is watched, nor every folder of one. */
  follow(dir: string): void {
    if (this.#followed.has(dir)) return;
    const watcher = watch(dir, (_, name) => {
      if (name === 'state.json' || name === STOP_FILE) this.#refresh();
    });
    // The folder was deleted.
    watcher.on('error', () => watcher.close());
    this.#followed.set(dir, watcher);
  }

  dispose(): void {
    for (const watcher of this.#followed.values()) watcher.close();
    for (const part of this.#parts) part.dispose();
  }

  readonly #refresh = () => this.#changed.fire();

  async #fill(item: RunItem): Promise<RunItem> {
    const summary = await readSummary(item.dir);
    if (summary.phase === 'running') this.follow(item.dir);
    item.description = summary.description;
    // The list is narrow: here is all of it.
    item.tooltip = [path.basename(item.dir), summary.description, summary.reason]
      .filter((line) => line)
      .join('\n');
    item.contextValue = summary.phase;
    item.iconPath = new ThemeIcon(iconOf(summary));
    return item;
  }
}

function iconOf({ phase, reason }: RunSummary): string {
  if (phase === 'running') return 'sync';
  if (phase === 'done') return 'check';
  return reason ? 'warning' : 'debug-pause';
}
