import { UserError } from '../errors.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import { tasksFromTests } from '../tasks/from-tests.ts';
import { holdOut } from '../tasks/hold-out.ts';
import type { Task } from '../tasks/task.ts';
import { validateTasks } from '../tasks/validate.ts';
import { writeTasks } from '../tasks/write-tasks.ts';
import { type Command, UsageError } from './command.ts';
import { SANDBOX_FLAGS, sandboxOptions } from './sandbox-flags.ts';
import { reportValidation } from './tasks-validate.ts';

export const tasksFromTestsCommand: Command = {
  name: 'tasks from-tests',
  usage: 'PATH DEST',
  summary:
    'makes tasks from your own Python: functions that asserts, parametrised tables or doctests call with literals',
  options: SANDBOX_FLAGS,
  async run(args, values, io) {
    if (args.length !== 2) throw new UsageError('PATH (a file or folder) and DEST are needed');
    const [place, target] = args;
    const sandbox = await Sandbox.open(sandboxOptions(values));
    const kept: Task[] = [];
    try {
      const { tasks, skipped } = await tasksFromTests(sandbox, place);
      for (const sentence of skipped) io.note(sentence);
      for await (const validation of validateTasks(sandbox, tasks, io.signal)) {
        if (validation.problems.length === 0) kept.push(validation.task);
        reportValidation(validation, io);
      }
    } finally {
      sandbox.close();
    }
    if (kept.length === 0) throw new UserError(`${place} has no test that a task could be made of.`);
    await writeTasks(target, holdOut(kept));
    io.note(`${kept.length} tasks written to ${target}.`);
  },
};
