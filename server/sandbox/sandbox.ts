import os from 'node:os';
import type { Task } from '../tasks/task.ts';
import { launchPyodide, launchPython, type PythonBackend } from './backends.ts';
import { WorkerChild } from './child.ts';
import { grade } from './grade.ts';
import { Judge } from './judge.ts';
import { WorkerPool } from './pool.ts';
import { runtimeDirectory } from './runtime.ts';
import { selfTest } from './self-test.ts';
import { ensureSnapshot } from './snapshot.ts';
import type { Verdict } from './verdict.ts';

export interface SandboxOptions {
  /** Processes that run candidates; 0 is cores − 1, at least 1 and at most 4. */
  workers: number;
  /** Milliseconds a candidate may run. */
  timeoutMs: number;
  /** Refuse by syntax, before running, what no task needs. */
  gate: boolean;
  /** Where Python candidates run. */
  backend: PythonBackend;
}

export const SANDBOX_DEFAULTS: SandboxOptions = {
  workers: 0,
  timeoutMs: 5000,
  gate: true,
  backend: 'pyodide',
};

/** A program to be judged against a task's tests. */
export interface Candidate {
  task: Task;
  code: string;
}

/** Verdicts on model-written programs. Open one per process; it holds the worker processes and the judge. */
export class Sandbox {
  private pool: WorkerPool;
  private judgeClient: Judge;
  private options: SandboxOptions;

  private constructor(options: SandboxOptions, pool: WorkerPool, judge: Judge) {
    this.options = options;
    this.pool = pool;
    this.judgeClient = judge;
  }

  /** Starts the processes and tests them; throws UserError naming the check that a broken sandbox fails. */
  static async open(given: Partial<SandboxOptions> = {}): Promise<Sandbox> {
    const options = { ...SANDBOX_DEFAULTS, ...given };
    const runtime = runtimeDirectory();
    const snapshot = await ensureSnapshot(runtime);
    const launch = launchPython(options.backend, runtime, snapshot);
    const startWorker = () => new WorkerChild(launch);
    const startJudge = () => new WorkerChild(launchPyodide(runtime, snapshot));
    const workers = options.workers || Math.max(1, Math.min(4, os.availableParallelism() - 1));
    const sandbox = new Sandbox(options, new WorkerPool(workers, startWorker), new Judge(startJudge));
    try {
      await selfTest(sandbox.pool, sandbox.judgeClient);
    } catch (error) {
      sandbox.close();
      throw error;
    }
    return sandbox;
  }

  /** Processes in use, for tests and `doctor`. */
  get pids(): { workers: number[]; judge: number | undefined } {
    return { workers: this.pool.pids, judge: this.judgeClient.pid };
  }

  get judge(): Judge {
    return this.judgeClient;
  }

  /** The verdict on one program. Rejects when aborted, and then only. */
  verdict({ task, code }: Candidate, signal?: AbortSignal): Promise<Verdict> {
    const { timeoutMs, gate } = this.options;
    return grade(task, code, this.pool, this.judgeClient, { timeoutMs, gate, signal });
  }

  /** Whether all answers of the task are True or False, so that guessing pays. */
  async isBoolean(task: Task): Promise<boolean> {
    const plan = await this.judgeClient.plan(task);
    return typeof plan !== 'string' && plan.boolean;
  }

  /** Verdicts in the order of the candidates, several at work at once. */
  async *verdicts(
    candidates: Iterable<Candidate> | AsyncIterable<Candidate>,
    signal?: AbortSignal,
  ): AsyncGenerator<Verdict> {
    const atWork: Promise<Verdict>[] = [];
    for await (const candidate of candidates) {
      const verdict = this.verdict(candidate, signal);
      verdict.catch(() => {});
      atWork.push(verdict);
      if (atWork.length >= this.pool.size * 8) yield await (atWork.shift() as Promise<Verdict>);
    }
    while (atWork.length > 0) yield await (atWork.shift() as Promise<Verdict>);
  }

  close(): void {
    this.pool.close();
    this.judgeClient.close();
  }
}
