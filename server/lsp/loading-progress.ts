import type { Connection, WorkDoneProgressServerReporter } from 'vscode-languageserver/node';
import type { Engine } from '../engine/engine.ts';

/** Shows the loading of a model as progress in the client's window. Only for clients that support it. */
export function showLoadingProgress(connection: Connection, engine: Engine): void {
  let reporter: Promise<WorkDoneProgressServerReporter> | undefined;
  engine.onDidChange(() => {
    const { state } = engine;
    if (state.kind === 'loading') {
      const { progress, message } = state;
      reporter ??= begin(connection);
      reporter.then((shown) => shown.report(Math.round(100 * progress), message), ignore);
    } else if (reporter) {
      reporter.then((shown) => shown.done(), ignore);
      reporter = undefined;
    }
  });
}

async function begin(connection: Connection): Promise<WorkDoneProgressServerReporter> {
  const reporter = await connection.window.createWorkDoneProgress();
  reporter.begin('Unmask: loading the model', 0);
  return reporter;
}

/** A client that refuses the progress does without. */
function ignore(): void {}
