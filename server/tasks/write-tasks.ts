import { replaceFile } from '../files.ts';
import { toRow } from './formats.ts';
import type { Task } from './task.ts';

/** Writes tasks in the project's own form, one JSON line each. Throws UserError. */
export async function writeTasks(file: string, tasks: Task[]): Promise<void> {
  await replaceFile(file, tasks.map((task) => `${JSON.stringify(toRow(task))}\n`).join(''));
}
