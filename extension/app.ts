import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { ServerView } from './server-view.ts';
import type { Snooze } from './snooze.ts';
import type { TracePanel } from './trace/trace-panel.ts';
import type { RunsTree } from './training/runs-tree.ts';

/** What the commands work on; made once, in main.ts. */
export interface App {
  context: ExtensionContext;
  log: LogOutputChannel;
  client: LanguageClient;
  server: ServerView;
  snooze: Snooze;
  tracePanel: TracePanel;
  runs: RunsTree;
}
