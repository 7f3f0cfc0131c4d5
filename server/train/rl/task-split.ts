import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import { readTasks } from '../../tasks/read-tasks.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunFolder } from '../run/run-folder.ts';

/** Splits that a run is measured by, and those that it learns from; any other is left alone. */
const HELD_OUT = ['heldout', 'validation'];
const TRAIN = ['', 'train'];

export interface TaskSplit {
  train: readonly Task[];
  heldOut: readonly Task[];
}

/**
 * The tasks of a run and those that it is measured by. Throws UserError where either is missing, naming the file, and
 * where the file is not the one that the run began with.
 */
export async function splitTasks(run: RunFolder, file: string, level: number): Promise<TaskSplit> {
  const { tasks, problems } = await readTasks(file);
  for (const problem of problems) run.log(problem);
  const bytes = await readFile(file);
  const hash = createHash('sha256').update(bytes).digest('hex');
  await run.fixData([{ file: path.resolve(file), bytes: bytes.length, hash, count: tasks.length }]);
  const judged = tasks.filter(({ tests, suffix }) => tests.length > 0 && suffix === undefined);
  const chosen = judged.filter((task) => level === 0 || task.level <= level);
  const heldOut = chosen.filter(({ split }) => HELD_OUT.includes(split));
  const train = chosen.filter(({ split }) => TRAIN.includes(split));
  const which = level === 0 ? '' : ` up to level ${level}`;
  if (heldOut.length === 0) {
    throw new UserError(
      `${file} has no held-out task${which}, without which it cannot be seen whether a run learns: ` +
        `give some tasks "split": "${HELD_OUT[0]}".`,
    );
  }
  if (train.length === 0) throw new UserError(`${file} has no task${which} to train on.`);
  return { train, heldOut };
}

/** Levels below the hardest of these tasks, the highest first: what a run may fall back to. */
export function easierLevel(tasks: readonly Task[]): number | undefined {
  const levels = [...new Set(tasks.map(({ level }) => level))].sort((a, b) => b - a);
  return levels[1];
}
