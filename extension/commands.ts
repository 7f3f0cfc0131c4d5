import { commands, window } from 'vscode';
import { METHODS } from '../server/protocol.ts';
import type { App } from './app.ts';
import { copyDiagnostics } from './diagnostics.ts';
import { showMenu } from './menu.ts';
import { chooseModel } from './models/choose-model.ts';
import { downloadModel } from './models/download.ts';
import { installCuda } from './models/install-cuda.ts';
import { openRun } from './run/run-panel.ts';
import { toggleLanguage, toggleSetting } from './settings.ts';
import { trainOnTasks, trainOnTests } from './training/commands.ts';
import { compareRuns, resumeRun, stopRun } from './training/run-commands.ts';
import { useCheckpoint } from './training/use-checkpoint.ts';

/** `argument`: what a view or another command passes on. */
type Run = (app: App, argument?: never) => unknown;

interface Row {
  run: Run;
  /** Runs instead while the language server is down; without it the command works either way. */
  serverDown?: Run;
}

/** Every command of the manifest. */
const COMMANDS: Record<string, Row> = {
  'unmask.menu': { run: showMenu },
  'unmask.toggle': { run: () => toggleSetting('enable', window.activeTextEditor?.document) },
  'unmask.toggleLanguage': { run: toggleActiveLanguage },
  'unmask.toggleAutomatic': { run: () => toggleSetting('automatic', window.activeTextEditor?.document) },
  'unmask.snooze': { run: ({ snooze }) => snooze.toggle() },
  'unmask.showLastTrace': {
    run: ({ tracePanel }) => tracePanel.showLast(),
    serverDown: () =>
      window.showWarningMessage('There is no trace to show: the language server is not running.'),
  },
  'unmask.openRun': { run: openRun },
  'unmask.chooseModel': { run: chooseModel },
  'unmask.downloadModel': { run: downloadModel },
  'unmask.installCuda': { run: installCuda },
  'unmask.trainOnTasks': { run: trainOnTasks },
  'unmask.trainOnTests': { run: trainOnTests },
  'unmask.stopRun': { run: stopRun },
  'unmask.resumeRun': { run: resumeRun },
  'unmask.useCheckpoint': { run: useCheckpoint },
  'unmask.compareRuns': { run: compareRuns },
  'unmask.restartEngine': {
    run: ({ client }) => client.sendRequest(METHODS.restartEngine),
    serverDown: ({ client }) => client.start(),
  },
  'unmask.showLog': { run: ({ log }) => log.show() },
  'unmask.copyDiagnostics': { run: copyDiagnostics },
  'unmask.clearData': {
    run: ({ client }) => client.sendRequest(METHODS.clearData),
    serverDown: () =>
      window.showWarningMessage('The counters were not deleted: the language server is not running.'),
  },
};

/** Registers the table. A failure of a command that somebody asked for is shown. */
export function registerCommands(app: App): void {
  for (const [id, { run, serverDown }] of Object.entries(COMMANDS)) {
    const handler = async (argument?: never) => {
      try {
        await (app.server.running ? run : (serverDown ?? run))(app, argument);
      } catch (error) {
        app.log.error(`${id}: ${(error as Error).stack}`);
        window.showErrorMessage(`Unmask: ${(error as Error).message}`);
      }
    };
    app.context.subscriptions.push(commands.registerCommand(id, handler));
  }
}

async function toggleActiveLanguage(): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document) await toggleLanguage(document);
}
