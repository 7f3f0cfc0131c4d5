import path from 'node:path';
import { commands, type Disposable, Uri, ViewColumn, type WebviewPanel, window } from 'vscode';
import type { FromRunPage, ToRunPage } from '../../server/protocol.ts';
import type { TraceParts } from '../trace/parts.ts';
import { loadPage } from '../webview.ts';
import { chooseRun } from './choose-run.ts';
import { RunReader } from './run-reader.ts';

const VIEW_TYPE = 'unmask.runPanel';

/** Shows a run in a panel of its own, one that the user chooses where none is given. */
export async function openRun(parts: TraceParts, run?: { dir: string }): Promise<void> {
  const dir = run?.dir ?? (await chooseRun('Training Run'));
  if (dir !== undefined) openRuns(parts, [dir]);
}

/** Shows runs on the same axes. */
export function openRuns(parts: TraceParts, dirs: string[]): void {
  const title = dirs.length === 1 ? `Run ${path.basename(dirs[0])}` : `${dirs.length} Runs`;
  showRuns(window.createWebviewPanel(VIEW_TYPE, title, ViewColumn.Active), dirs, parts);
}

/** Opens the panels again that were open when the window was closed. */
export function restoreRunPanels(parts: TraceParts): Disposable {
  return window.registerWebviewPanelSerializer(VIEW_TYPE, {
    async deserializeWebviewPanel(panel, state: { runs?: string[] } | undefined) {
      showRuns(panel, state?.runs ?? [], parts);
    },
  });
}

/** Feeds a panel from the folders of runs, for as long as it is open. */
function showRuns(panel: WebviewPanel, dirs: string[], { context, log }: TraceParts): void {
  const stops: (() => void)[] = [];
  let open = true;
  // A panel may be closed while a file is read.
  const send = (message: ToRunPage) => {
    if (open) void panel.webview.postMessage(message);
  };
  const attempt = async (work: () => Promise<void> | void) => {
    try {
      await work();
    } catch (error) {
      log.warn(`Run panel: ${(error as Error).stack}`);
      send({ type: 'problem', message: (error as Error).message });
    }
  };
  const add = (dir: string) =>
    attempt(async () => {
      const reader = new RunReader(dir);
      const follow = oneAtATime(() =>
        attempt(async () => {
          const update = await reader.read();
          send({ type: 'update', ...update });
        }),
      );
      stops.push(reader.watch(follow));
      follow();
    });
  const start = () => {
    // A page that was hidden starts anew when it is seen again.
    for (const stop of stops.splice(0)) stop();
    for (const dir of dirs) void add(dir);
  };
  const receive = (message: FromRunPage) =>
    attempt(async () => {
      if (message.type === 'ready') start();
      if (message.type === 'openTrace') await openTrace(message.run, message.file);
      if (message.type === 'compare') {
        const dir = await chooseRun('Training Run');
        if (!open || dir === undefined || dirs.includes(dir)) return;
        dirs.push(dir);
        await add(dir);
      }
    });
  const subscription = panel.webview.onDidReceiveMessage(receive);
  panel.onDidDispose(() => {
    open = false;
    subscription.dispose();
    for (const stop of stops) stop();
  });
  loadPage(panel.webview, context, 'run', 'Unmask Run');
}

/** A sample may name only what lies in the folder of its run. */
async function openTrace(run: string, file: string): Promise<void> {
  const target = path.resolve(run, file);
  if (!target.startsWith(run + path.sep))
    throw new Error(`${file} is outside the run's folder and is not opened.`);
  await commands.executeCommand('vscode.openWith', Uri.file(target), 'unmask.trace');
}

/** Runs once for calls that come while it waits to run, and never twice at a time. */
function oneAtATime(work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  return async function run() {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await work();
    }
    running = false;
  };
}
