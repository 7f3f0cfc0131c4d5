import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ProgressLocation, window, workspace } from 'vscode';
import type { RlPresetName } from '../../server/protocol.ts';
import type { App } from '../app.ts';
import { runCommandLine, startDetached } from '../command-line.ts';
import { currentSettings } from '../settings.ts';
import { mayRunPrograms } from './consent.ts';
import { chooseMethod } from './methods.ts';
import { showRunTerminal } from './run-terminal.ts';

/** A task to learn from and one to be measured by. */
const FEWEST_TASKS = 2;

/** Trains on a task file that the user chooses. */
export async function trainOnTasks(app: App): Promise<void> {
  const run = newRun();
  if (!(await mayRunPrograms(app.context))) return;
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
  const method = await chooseMethod('Method');
  if (method !== undefined) await start(app, run, method, file?.fsPath);
}

/** Makes tasks of the functions that the workspace's own tests call, and trains on them. */
export async function trainOnTests(app: App): Promise<void> {
  const run = newRun();
  if (!(await mayRunPrograms(app.context))) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'unmask-tasks-'));
  try {
    const found = path.join(folder, 'tasks.jsonl');
    const count = await findTasks(app, found);
    if (count === undefined) return;
    const method = await chooseMethod(
      `Method for ${count} tasks from this workspace's tests`,
      'A fifth of them is held out; what was left out, and why, is in the log',
    );
    if (method === undefined) return;
    const tasks = path.join(run, 'tasks.jsonl');
    mkdirSync(run, { recursive: true });
    copyFileSync(found, tasks);
    await start(app, run, method, tasks);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How many tasks the workspace's tests gave, in `file`; undefined when it was cancelled. */
async function findTasks({ context, log }: App, file: string): Promise<number | undefined> {
  const options = {
    location: ProgressLocation.Notification,
    title: 'Unmask: looking for tests',
    cancellable: true,
  };
  let count = 0;
  const done = await window.withProgress(options, async (progress, cancelled) => {
    const onLine = (task: unknown) => {
      if (!(task as { usable: boolean }).usable) return;
      count++;
      progress.report({ message: `${count} tasks` });
    };
    const onNote = (line: string) => log.info(`Tasks from tests: ${line}`);
    const hooks = { onLine, onNote, cancelled };
    return runCommandLine(context, ['tasks', 'from-tests', workspaceDir(), file], hooks);
  });
  if (done === undefined) return undefined;
  if (count < FEWEST_TASKS) {
    throw new Error(
      `the tests of this workspace give one task, but ${FEWEST_TASKS} are needed, one of them to measure by; the log says what was left out.`,
    );
  }
  return count;
}

/** Begins with the model that completes, and with the tasks that come with Unmask where there is no file. */
async function start(
  { context, runs }: App,
  run: string,
  method: RlPresetName,
  tasks?: string,
): Promise<void> {
  const model = currentSettings().get<string>('model');
  const changes = Object.entries({ model, tasks }).flatMap(([key, value]) =>
    value ? ['--set', `${key}=${JSON.stringify(value)}`] : [],
  );
  mkdirSync(run, { recursive: true });
  runs.follow(run);
  // Nobody wants checkpoints among the changes of a repository.
  writeFileSync(path.join(run, '.gitignore'), '*\n');
  await startDetached(context, ['train', 'grpo', '--preset', method, '--run', run, ...changes], run);
  showRunTerminal(run, true);
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
