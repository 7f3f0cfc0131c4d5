import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { window } from 'vscode';
import type { App } from '../app.ts';
import { OUTPUT_FILE, startDetached } from '../command-line.ts';
import { chooseRun, findRuns, readSummary } from '../run/choose-run.ts';
import { openRuns } from '../run/run-panel.ts';
import { mayRunPrograms, requireTrust } from './consent.ts';
import { requestStop } from './run-files.ts';
import { showRunTerminal } from './run-terminal.ts';
import type { RunItem } from './runs-tree.ts';

/** Asks a run to stop after its step, and offers not to wait for that. */
export async function stopRun(_app: App, item?: RunItem): Promise<void> {
  const dir = item?.dir ?? (await chooseRun('Stop a Training Run', ({ phase }) => phase === 'running'));
  if (dir === undefined) return;
  if ((await readSummary(dir)).phase !== 'running') throw new Error(`${dir} is not being trained.`);
  await requestStop(dir);
  const now = 'Stop Now';
  const message = `Unmask: ${path.basename(dir)} stops after its step, which may take minutes. Stopping now loses that step only; either way it can be resumed.`;
  if ((await window.showInformationMessage(message, now)) !== now) return;
  const { phase, pid } = await readSummary(dir);
  if (phase === 'running') process.kill(pid);
}

export async function resumeRun({ context, runs }: App, item?: RunItem): Promise<void> {
  requireTrust();
  const dir = item?.dir ?? (await chooseRun('Resume a Training Run', ({ phase }) => phase === 'resting'));
  if (dir === undefined) return;
  const { phase } = await readSummary(dir);
  if (phase !== 'resting') {
    throw new Error(`${dir} ${phase === 'done' ? 'has done all its steps' : 'is being trained already'}.`);
  }
  const trainer = await trainerOf(dir);
  // Supervised fine-tuning runs no programs.
  if (trainer === 'grpo' && !(await mayRunPrograms(context))) return;
  runs.follow(dir);
  await startDetached(context, ['train', trainer, '--resume', dir], dir);
  showRunTerminal(dir, true);
}

export async function compareRuns(app: App): Promise<void> {
  const dirs = await findRuns();
  if (dirs.length === 0) throw new Error('there is no training run in this workspace yet.');
  const items = dirs.map(async (dir) => {
    return { label: path.basename(dir), description: (await readSummary(dir)).description, dir };
  });
  const picked = await window.showQuickPick(Promise.all(items), { title: 'Compare Runs', canPickMany: true });
  if (picked && picked.length > 0) {
    openRuns(
      app,
      picked.map(({ dir }) => dir),
    );
  }
}

/** Shows what the runs print that are at work, after the window was opened again. */
export async function attachToRuns(): Promise<void> {
  for (const dir of await findRuns()) {
    if (existsSync(path.join(dir, OUTPUT_FILE)) && (await readSummary(dir)).phase === 'running') {
      showRunTerminal(dir, false);
    }
  }
}

/** Which command trains a run: only one of reinforcement learning has a recipe. */
async function trainerOf(dir: string): Promise<'grpo' | 'sft'> {
  const file = path.join(dir, 'config.json');
  try {
    return 'recipe' in JSON.parse(await readFile(file, 'utf8')) ? 'grpo' : 'sft';
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`);
  }
}
