import path from 'node:path';
import { UserError } from '../errors.ts';
import { packageRoot } from '../models/installed.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import type { Task } from '../tasks/task.ts';

/** A file of tasks, or those of one split. */
export interface Suite {
  file: string;
  split: string | undefined;
}

/** The project's own suites: lines to fill in, and functions; no training sees either. */
export function ownSuites(): Suite[] {
  const folder = path.join(packageRoot(), 'tasks');
  return [
    { file: path.join(folder, 'infill.jsonl'), split: undefined },
    { file: path.join(folder, 'starter.jsonl'), split: 'heldout' },
  ];
}

/** The first `limit` tasks of a suite. Throws UserError for a broken line: a suite is measured as a whole or not. */
export async function readSuite({ file, split }: Suite, limit = Number.POSITIVE_INFINITY): Promise<Task[]> {
  const { tasks, problems } = await readTasks(file);
  if (problems.length > 0) throw new UserError(problems[0]);
  const unresolved = tasks.find(({ inputs }) => inputs !== undefined);
  if (unresolved) {
    throw new UserError(
      `${file}: task ${unresolved.id} has inputs without expected values: make tests of them by unmask tasks import.`,
    );
  }
  const chosen = tasks.filter((task) => split === undefined || task.split === split).slice(0, limit);
  if (chosen.length === 0) throw new UserError(`${file} holds no task of the split ${split}.`);
  return chosen;
}
