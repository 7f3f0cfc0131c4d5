import { type ExtensionContext, ProgressLocation, window, workspace } from 'vscode';
import { runCommandLine } from '../command-line.ts';

const KEY = 'training.consent';

/** Throws in Restricted Mode. */
export function requireTrust(): void {
  if (!workspace.isTrusted) throw new Error('training is off in Restricted Mode: trust the workspace first.');
}

/**
 * Whether the user lets training run what a model writes; asked once in a workspace, saying what keeps it in. Throws in
 * Restricted Mode.
 */
export async function mayRunPrograms(context: ExtensionContext): Promise<boolean> {
  requireTrust();
  if (context.workspaceState.get<boolean>(KEY)) return true;
  const sandbox = await window.withProgress(
    { location: ProgressLocation.Notification, title: 'Unmask: testing the sandbox' },
    async () =>
      ((await runCommandLine(context, ['doctor', '--sandbox'])) as { sandbox: Record<string, string> })
        .sandbox,
  );
  if (sandbox.error !== undefined) throw new Error(sandbox.error);
  const detail = [
    'Training samples programs from the model and runs each of them on this machine, thousands in a run, to see which pass the tests of its task.',
    `They run in a sandbox, whose self-test has just passed: Python in WebAssembly; files and processes: ${sandbox.nodePermissions}; bubblewrap: ${sandbox.bubblewrap}.`,
    `Not covered: ${sandbox.notCovered}.`,
    'The task file is trusted: its tests decide. A run takes hours on two cores, at low priority; completion goes on meanwhile.',
  ].join('\n\n');
  const answer = await window.showWarningMessage(
    'Train a model by running what it writes?',
    { modal: true, detail },
    'Train',
  );
  if (answer !== 'Train') return false;
  await context.workspaceState.update(KEY, true);
  return true;
}
