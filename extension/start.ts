import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExtensionContext, type LogOutputChannel, window } from 'vscode';
import { createClient } from './client/create-client.ts';
import { registerCommands } from './commands.ts';
import { logConflicts } from './conflicts.ts';
import { registerFrontierEditor } from './run/frontier-editor.ts';
import { restoreRunPanels } from './run/run-panel.ts';
import { createServerView } from './server-view.ts';
import { createSnooze } from './snooze.ts';
import { createStatusItem } from './status-item.ts';
import { registerTraceEditor } from './trace/trace-editor.ts';
import { TracePanel } from './trace/trace-panel.ts';
import { restrict } from './training/restrict.ts';
import { attachToRuns } from './training/run-commands.ts';
import { RunsTree } from './training/runs-tree.ts';

/** Makes everything that lives as long as the window does. */
export async function start(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel('Unmask', { log: true });
  const failed = (what: string) => (error: Error) => void tellFailure(log, `${what}: ${error.message}`);
  context.subscriptions.push(log);
  const client = createClient(context, log, failed('The language server of Unmask is not restarted'));
  await nextTurn();
  const server = createServerView(client);
  const snooze = createSnooze(client);
  const parts = { context, log, client, server };
  const tracePanel = new TracePanel(parts);
  context.subscriptions.push(server, snooze, tracePanel, createStatusItem(server));
  await nextTurn();
  const runs = new RunsTree();
  context.subscriptions.push(
    runs,
    registerTraceEditor(parts),
    registerFrontierEditor(parts),
    restoreRunPanels(parts),
  );
  restrict(context);
  await nextTurn();
  registerCommands({ context, log, client, server, snooze, tracePanel, runs });
  logConflicts(log);
  attachToRuns().catch((error: Error) => log.warn(`Training runs: ${error.stack}`));
  await nextTurn();
  await client.start().catch(failed('Unmask could not start its language server'));
}

async function tellFailure(log: LogOutputChannel, message: string): Promise<void> {
  log.error(message);
  const show = 'Show Log';
  if ((await window.showErrorMessage(message, show)) === show) log.show();
}
