import { UserError } from '../errors.ts';
import type { EvalAnswer } from '../protocol.ts';
import { readRows } from '../tasks/read-rows.ts';

/** Reads a results file of `unmask eval`, point by point, by decoding mode and threshold. Throws UserError. */
export async function readAnswers(file: string): Promise<Map<string, EvalAnswer[]>> {
  const points = new Map<string, EvalAnswer[]>();
  for (const entry of await readRows(file)) {
    if ('problem' in entry) throw new UserError(`${file}:${entry.line} ${entry.problem}.`);
    if (!('task_id' in entry.row && 'threshold' in entry.row && 'tokens' in entry.row)) {
      throw new UserError(
        `${file}:${entry.line} is no answer: give a file that unmask eval --out has written.`,
      );
    }
    const answer = entry.row as unknown as EvalAnswer;
    const point = `${answer.decode} ${answer.threshold}`;
    points.set(point, [...(points.get(point) ?? []), answer]);
  }
  return points;
}
