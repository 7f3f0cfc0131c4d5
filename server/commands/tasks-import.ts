import { Sandbox } from '../sandbox/sandbox.ts';
import { resolveInputs } from '../tasks/import.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import type { Task } from '../tasks/task.ts';
import { validateTasks } from '../tasks/validate.ts';
import { writeTasks } from '../tasks/write-tasks.ts';
import { type Command, UsageError } from './command.ts';
import { SANDBOX_FLAGS, sandboxOptions } from './sandbox-flags.ts';
import { reportValidation } from './tasks-validate.ts';

export const tasksImport: Command = {
  name: 'tasks import',
  usage: 'SRC DEST [--split NAME] [--all]',
  summary:
    'writes the tasks of a published file (MBPP, MBPP+, HumanEval) that are fit for training in the own form',
  options: {
    split: { type: 'string', help: 'only tasks of this split (prompt, test, validation, train)' },
    all: { type: 'boolean', help: 'also tasks that are unfit for training' },
    ...SANDBOX_FLAGS,
  },
  async run(args, values, io) {
    if (args.length !== 2) throw new UsageError('SRC and DEST are needed');
    const [source, target] = args;
    const { tasks: read, problems } = await readTasks(source);
    for (const problem of problems) io.note(problem);
    const sandbox = await Sandbox.open(sandboxOptions(values));
    const kept: Task[] = [];
    try {
      const tasks: Task[] = [];
      for (const task of read.filter(({ split }) => values.split === undefined || split === values.split)) {
        const resolved = await resolveInputs(sandbox, task);
        if (resolved) tasks.push(resolved);
        else io.note(`Task ${task.id} is left out: its reference returns nothing that can be written down.`);
      }
      for await (const validation of validateTasks(sandbox, tasks, io.signal)) {
        if (validation.problems.length === 0 || values.all) kept.push(validation.task);
        reportValidation(validation, io);
      }
    } finally {
      sandbox.close();
    }
    await writeTasks(target, kept);
    io.note(`${kept.length} of ${read.length} tasks written to ${target}.`);
  },
};
