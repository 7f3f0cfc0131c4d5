import { Sandbox } from '../sandbox/sandbox.ts';
import { resolveInputs } from '../tasks/import.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import type { Task } from '../tasks/task.ts';
import { type Validation, validateTasks } from '../tasks/validate.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { SANDBOX_FLAGS, sandboxOptions } from './sandbox-flags.ts';

export const tasksValidate: Command = {
  name: 'tasks validate',
  usage: 'FILE',
  summary: "runs every task's reference solution and tells which tasks are unfit for training",
  options: SANDBOX_FLAGS,
  async run(args, values, io) {
    if (args.length !== 1) throw new UsageError('one task FILE is needed');
    const { tasks: read, problems } = await readTasks(args[0]);
    for (const problem of problems) io.note(problem);
    const sandbox = await Sandbox.open(sandboxOptions(values));
    try {
      const tasks: Task[] = [];
      for (const task of read) {
        const resolved = await resolveInputs(sandbox, task);
        if (resolved) tasks.push(resolved);
        else io.note(`Task ${task.id} is left out: its reference returns nothing that can be written down.`);
      }
      let fit = 0;
      for await (const validation of validateTasks(sandbox, tasks, io.signal)) {
        if (validation.problems.length === 0) fit++;
        reportValidation(validation, io);
      }
      io.note(`${fit} of ${read.length} tasks are fit for training.`);
    } finally {
      sandbox.close();
    }
  },
};

/** One line for one task. */
export function reportValidation({ task, hash, verdict, problems }: Validation, io: Io): void {
  const kind = verdict?.verdict ?? 'none';
  const text = `${task.id}: ${kind}${problems.map((problem) => `; ${problem}`).join('')}`;
  io.result(text, {
    task_id: task.id,
    verdict: kind,
    ms: verdict?.ms ?? 0,
    usable: problems.length === 0,
    problems,
    hash,
  });
}
