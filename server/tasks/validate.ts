import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Verdict } from '../sandbox/verdict.ts';
import { assembleProgram } from './program.ts';
import { type Task, taskHash } from './task.ts';

/** A reference that takes longer makes rewards slow, milliseconds. */
const SLOW_MS = 1000;

/** How a task's own reference fared, and what speaks against training on the task. */
export interface Validation {
  task: Task;
  hash: string;
  verdict: Verdict | null;
  /** Words for each thing wrong; a task without any is fit for training. */
  problems: string[];
}

/** Runs every reference solution; results in the order of the tasks. */
export async function* validateTasks(
  sandbox: Sandbox,
  tasks: Task[],
  signal?: AbortSignal,
): AsyncGenerator<Validation> {
  const withReference = tasks.filter((task) => task.reference !== '');
  const verdicts = sandbox.verdicts(
    withReference.map((task) => ({ task, code: assembleProgram(task, task.reference) })),
    signal,
  );
  const seen = new Map<string, string>();
  for (const task of tasks) {
    const verdict = task.reference === '' ? null : ((await verdicts.next()).value as Verdict);
    const hash = taskHash(task);
    const problems = await problemsOf(sandbox, task, verdict);
    const twin = seen.get(hash);
    if (twin !== undefined) problems.push(`is the same as task ${twin}`);
    else seen.set(hash, task.id);
    yield { task, hash, verdict, problems };
  }
}

async function problemsOf(sandbox: Sandbox, task: Task, verdict: Verdict | null): Promise<string[]> {
  if (!verdict) return ['has no reference solution'];
  if (verdict.verdict !== 'passed')
    return [`its reference ends as ${verdict.verdict} (${verdict.detail.slice(0, 120)})`];
  const problems: string[] = [];
  if (verdict.ms > SLOW_MS) problems.push(`its reference takes ${Math.round(verdict.ms)} ms`);
  if (await sandbox.isBoolean(task)) problems.push('its answers are all True or False');
  return problems;
}
