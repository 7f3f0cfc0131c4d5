/** Compares the sandbox's verdicts on references and one-token mutants with plain python3's. */
import type { Sandbox } from '../../server/sandbox/sandbox.ts';
import type { Task } from '../../server/tasks/task.ts';
import { passesNatively } from '../../test/support/native-python.ts';

export interface Agreement {
  programs: number;
  passedNatively: number;
  passed: number;
  /** Task ids on which the two differ, with the sandbox's verdict. */
  differ: string[];
}

const SECONDS = 10;

export async function compareWithNative(
  sandbox: Sandbox,
  tasks: Task[],
  programs: string[],
): Promise<Agreement> {
  const native = passesNatively(tasks, programs, SECONDS);
  const differ: string[] = [];
  let passed = 0;
  let at = 0;
  for await (const { verdict, taskId, detail } of sandbox.verdicts(
    tasks.map((task, i) => ({ task, code: programs[i] })),
  )) {
    if (verdict === 'passed') passed++;
    if ((verdict === 'passed') !== native[at++]) differ.push(`${taskId} ${verdict} ${detail.slice(0, 60)}`);
  }
  return { programs: programs.length, passedNatively: native.filter(Boolean).length, passed, differ };
}

/** At most `count` mutants, drawn evenly from all tasks. */
export async function drawMutants(
  sandbox: Sandbox,
  tasks: Task[],
  count: number,
): Promise<{ tasks: Task[]; programs: string[] }> {
  const drawn: { tasks: Task[]; programs: string[] } = { tasks: [], programs: [] };
  for (let round = 0; drawn.programs.length < count && round < 50; round++) {
    for (const [place, task] of tasks.entries()) {
      const all = await mutantsOf(sandbox, task);
      const mutant = all[(place * 7 + round * 13) % Math.max(1, all.length)];
      if (mutant === undefined || drawn.programs.length >= count) continue;
      drawn.tasks.push(task);
      drawn.programs.push(mutant);
    }
  }
  return drawn;
}

/** Every one-token mutant of a task's reference, as a whole program. */
export async function mutantsOf(sandbox: Sandbox, task: Task): Promise<string[]> {
  const code = task.prefix + task.reference;
  const answer = await sandbox.judge.operation('mutants', JSON.stringify({ code }));
  return answer === undefined ? [] : JSON.parse(answer);
}
