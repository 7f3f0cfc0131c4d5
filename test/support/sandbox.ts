import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSandbox } from '../../scripts/lib/build-sandbox.mjs';
import { DIST } from '../../scripts/lib/paths.mjs';
import { Sandbox, type SandboxOptions } from '../../server/sandbox/sandbox.ts';
import type { Verdict } from '../../server/sandbox/verdict.ts';
import type { Task } from '../../server/tasks/task.ts';

/** A sandbox with one worker and short limits, of programs built from this tree where they are missing. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  if (!existsSync(path.join(DIST, 'sandbox', 'python-worker.js'))) await buildSandbox();
  return Sandbox.open({ workers: 1, timeoutMs: 1000, gate: false, ...options });
}

/** A Python task; `reference` defines what the tests call. */
export function pythonTask(reference: string, tests: string[], more: Partial<Task> = {}): Task {
  return {
    id: 'task',
    text: '',
    language: 'python',
    entry: '',
    prefix: '',
    reference,
    setup: '',
    tests,
    shown: 1,
    level: 0,
    split: '',
    ...more,
  };
}

export async function verdictOf(sandbox: Sandbox, task: Task, code: string): Promise<Verdict> {
  return sandbox.verdict({ task, code });
}

/** Named programs of a file in test/sandbox/attacks, split at its lines that begin with `#:`. */
export function attempts(file: string): { name: string; code: string }[] {
  const text = readFileSync(path.join(import.meta.dirname, '../sandbox/attacks', file), 'utf8');
  return text
    .split(/^#: /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { name: part.slice(0, end), code: part.slice(end + 1) };
    });
}
