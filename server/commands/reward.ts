import { UserError } from '../errors.ts';
import { type Candidate, Sandbox } from '../sandbox/sandbox.ts';
import type { Verdict } from '../sandbox/verdict.ts';
import { assembleProgram } from '../tasks/program.ts';
import { readSolutions } from '../tasks/read-solutions.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { SANDBOX_FLAGS, sandboxOptions } from './sandbox-flags.ts';

export const reward: Command = {
  name: 'reward',
  usage: '--tasks FILE --solutions FILE',
  summary: 'verdicts on solutions (JSON lines {task_id, completion}) by running the tests of their tasks',
  options: {
    tasks: { type: 'string', help: 'task file (MBPP, MBPP+, HumanEval or own form)' },
    solutions: { type: 'string', help: 'JSON lines {task_id, completion}' },
    ...SANDBOX_FLAGS,
  },
  async run(_args, values, io) {
    const { tasks: taskFile, solutions: solutionFile } = values;
    if (typeof taskFile !== 'string') throw new UsageError('--tasks FILE is missing');
    if (typeof solutionFile !== 'string') throw new UsageError('--solutions FILE is missing');
    const options = sandboxOptions(values);
    const { tasks, problems } = await readTasks(taskFile);
    const solutions = await readSolutions(solutionFile);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const candidates: Candidate[] = [];
    for (const solution of solutions) {
      if ('problem' in solution) problems.push(solution.problem);
      else {
        const task = byId.get(solution.taskId);
        if (task) candidates.push({ task, code: assembleProgram(task, solution.completion) });
        else problems.push(`${solutionFile} names task ${solution.taskId}, which ${taskFile} does not hold.`);
      }
    }
    for (const problem of problems) io.note(problem);
    const sandbox = await Sandbox.open(options);
    try {
      for await (const verdict of sandbox.verdicts(candidates, io.signal)) report(verdict, io);
    } finally {
      sandbox.close();
    }
    if (problems.length > 0)
      throw new UserError(`${problems.length} lines were left out; the first: ${problems[0]}`);
  },
};

function report(verdict: Verdict, io: Io): void {
  const { taskId, verdict: kind, passed, total, asserts, ms, detail } = verdict;
  const text = `${taskId}: ${kind} ${passed}/${total}, ${ms} ms${detail && `, ${detail.split('\n')[0]}`}`;
  io.result(text, { task_id: taskId, verdict: kind, passed, total, asserts, ms, detail });
}
