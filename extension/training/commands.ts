import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationTarget, ProgressLocation, window, workspace } from 'vscode';
import { RL_PRESET_NAMES } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { OUTPUT_FILE, runCommandLine, startDetached } from '../command-line.ts';
import { chooseRun, findRuns } from '../run/choose-run.ts';
import { openRuns } from '../run/run-panel.ts';
import { RunReader } from '../run/run-reader.ts';
import { currentSettings } from '../settings.ts';
import { mayRunPrograms, requireTrust } from './consent.ts';
import { isAlive, summarise } from './run-summary.ts';
import { requestStop, showRunTerminal } from './run-terminal.ts';
import type { RunItem } from './runs-tree.ts';

/** Trains on a task file that the user chooses. */
export async function trainOnTasks({ context }: App): Promise<void> {
  if (!(await mayRunPrograms(context))) return;
  const own = '$(file) The tasks that come with Unmask';
  const picked = await window.showQuickPick([own, '$(folder-opened) A task file…'], {
    title: 'Train on Tasks',
  });
  if (picked === undefined) return;
  const [file] =
    picked === own
      ? []
      : ((await window.showOpenDialog({ title: 'Task File', filters: { Tasks: ['jsonl', 'json', 'gz'] } })) ??
        []);
  if (picked !== own && !file) return;
  const preset = await window.showQuickPick([...RL_PRESET_NAMES], { title: 'Method' });
  if (preset === undefined) return;
  await start(context, newRun(), preset, file ? [`tasks=${JSON.stringify(file.fsPath)}`] : []);
}

/** Makes tasks of the functions that the workspace's own tests call, and trains on them. */
export async function trainOnTests({ context }: App): Promise<void> {
  if (!(await mayRunPrograms(context))) return;
  const run = newRun();
  const tasks = path.join(run, 'tasks.jsonl');
  mkdirSync(run, { recursive: true });
  await window.withProgress(
    { location: ProgressLocation.Notification, title: 'Unmask: looking for tests' },
    () => runCommandLine(context, ['tasks', 'from-tests', workspaceDir(), tasks]),
  );
  await start(context, run, RL_PRESET_NAMES[0], [`tasks=${JSON.stringify(tasks)}`]);
}

export async function stopRun(_app: App, item?: RunItem): Promise<void> {
  const dir = item?.dir ?? (await chooseRun());
  if (dir === undefined) return;
  if (!(await isRunning(dir))) throw new Error(`${dir} is not being trained.`);
  await requestStop(dir);
}

export async function resumeRun({ context }: App, item?: RunItem): Promise<void> {
  requireTrust();
  const dir = item?.dir ?? (await chooseRun());
  if (dir === undefined) return;
  const trainer = await trainerOf(dir);
  // Supervised fine-tuning runs no programs.
  if (trainer === 'grpo' && !(await mayRunPrograms(context))) return;
  await startDetached(context, ['train', trainer, '--resume', dir], dir);
  showRunTerminal(dir, true);
}

/** Makes a model of the best checkpoint of a run and sets it as the one that completes. */
export async function useCheckpoint({ context }: App, item?: RunItem): Promise<void> {
  const dir = item?.dir ?? (await chooseRun());
  if (dir === undefined) return;
  const model = path.join(dir, `model-${Date.now()}`);
  await window.withProgress(
    { location: ProgressLocation.Notification, title: 'Unmask: making a model of the checkpoint' },
    () => runCommandLine(context, ['runs', 'export', dir, model]),
  );
  await currentSettings().update('model', model, ConfigurationTarget.Workspace);
  window.showInformationMessage(`Unmask: ${path.basename(dir)} completes now, see the setting unmask.model.`);
}

export async function compareRuns(app: App): Promise<void> {
  const dirs = await findRuns();
  const picked = await window.showQuickPick(
    dirs.map((dir) => ({ label: path.basename(dir), dir })),
    { title: 'Compare Runs', canPickMany: true },
  );
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
    if (existsSync(path.join(dir, OUTPUT_FILE)) && (await isRunning(dir))) showRunTerminal(dir, false);
  }
}

async function start(
  context: App['context'],
  run: string,
  preset: string,
  settings: string[],
): Promise<void> {
  const changes = settings.flatMap((setting) => ['--set', setting]);
  await startDetached(context, ['train', 'grpo', '--preset', preset, '--run', run, ...changes], run);
  showRunTerminal(run, true);
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

async function isRunning(dir: string): Promise<boolean> {
  return summarise(await new RunReader(dir).read(), isAlive).running;
}

function newRun(): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return path.join(workspaceDir(), 'runs', `${time}-grpo`);
}

function workspaceDir(): string {
  const folder = workspace.workspaceFolders?.[0];
  if (!folder) throw new Error('open a folder first: a run is kept in it.');
  return folder.uri.fsPath;
}
