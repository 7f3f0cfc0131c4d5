import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Client } from './client/client.ts';
import type { ServerView } from './server-view.ts';
import type { Snooze } from './snooze.ts';
import type { TracePanel } from './trace/trace-panel.ts';
import type { RunsTree } from './training/runs-tree.ts';

/** What the commands work on; made once, in main.ts. */
export interface App {
  context: ExtensionContext;
  log: LogOutputChannel;
  client: Client;
  server: ServerView;
  snooze: Snooze;
  tracePanel: TracePanel;
  runs: RunsTree;
}
