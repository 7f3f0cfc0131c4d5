import { UserError } from '../errors.ts';
import { type ReadTask, RowError, readRow } from './formats.ts';
import { readRows } from './read-rows.ts';

export interface TaskFile {
  tasks: ReadTask[];
  /** One sentence for each line that was left out. */
  problems: string[];
}

/** Reads a task file of any known form; broken lines and repeated ids are reported and left out. */
export async function readTasks(file: string): Promise<TaskFile> {
  const tasks: ReadTask[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  for (const entry of await readRows(file)) {
    const where = `${file}:${entry.line}`;
    if ('problem' in entry) {
      problems.push(`${where} ${entry.problem}.`);
      continue;
    }
    try {
      const task = readRow(entry.row);
      const first = lineOf.get(task.id);
      if (first !== undefined) throw new RowError(`repeats task_id ${task.id} of line ${first}`);
      lineOf.set(task.id, entry.line);
      tasks.push(task);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problems.push(`${where} ${error.message}.`);
    }
  }
  if (tasks.length === 0)
    throw new UserError(`${file} holds no task${problems[0] ? `: ${problems[0]}` : '.'}`);
  return { tasks, problems };
}
