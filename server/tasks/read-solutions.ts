import { readRows } from './read-rows.ts';

/** A line of a solutions file, or a sentence on why it is left out. */
export type Solution = { taskId: string; completion: string } | { problem: string };

/** Reads JSON lines {task_id, completion}. */
export async function readSolutions(file: string): Promise<Solution[]> {
  return (await readRows(file)).map((entry) => {
    const where = `${file}:${entry.line}`;
    if ('problem' in entry) return { problem: `${where} ${entry.problem}.` };
    const { task_id: id, completion } = entry.row;
    if (typeof id !== 'string' && typeof id !== 'number')
      return { problem: `${where} has no 'task_id' (text or number).` };
    if (typeof completion !== 'string') return { problem: `${where} has no text in 'completion'.` };
    return { taskId: String(id), completion };
  });
}
