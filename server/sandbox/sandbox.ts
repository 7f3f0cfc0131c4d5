import os from 'node:os';
import type { Task } from '../tasks/task.ts';
import { launchPyodide, launchPython, type PythonBackend } from './backends.ts';
import { WorkerChild } from './child.ts';
import { grade } from './grade.ts';
import { Judge } from './judge.ts';
import { launchNode } from './launch.ts';
import { WorkerPool } from './pool.ts';
import type { Level } from './protocol.ts';
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
  /** Milliseconds without work after which the processes, a quarter of a gigabyte each, are ended until there is some. */
  idleMs: number;
}

export const SANDBOX_DEFAULTS: SandboxOptions = {
  workers: 0,
  timeoutMs: 5000,
  gate: true,
  backend: 'pyodide',
  idleMs: 60_000,
};

/** A program to be judged against a task's tests. */
export interface Candidate {
  task: Task;
  code: string;
}

/** What runs and judges the tasks of one language. */
interface Court {
  pool: WorkerPool;
  judge: Judge;
}

/** Verdicts on model-written programs. Open one per process; it holds the worker processes and the judges. */
export class Sandbox {
  private python: Court;
  private javascript: Promise<Court> | undefined;
  private options: SandboxOptions;
  private runtime: string;
  private workers: number;
  private atWork = 0;
  private idleTimer: NodeJS.Timeout | undefined;

  private constructor(options: SandboxOptions, runtime: string, snapshot: string) {
    this.options = options;
    this.runtime = runtime;
    this.workers = options.workers || Math.max(1, Math.min(4, os.availableParallelism() - 1));
    const launch = launchPython(options.backend, runtime, snapshot);
    this.python = {
      pool: new WorkerPool(this.workers, () => new WorkerChild(launch)),
      judge: new Judge(() => new WorkerChild(launchPyodide(runtime, snapshot))),
    };
  }

  /** Starts the processes and tests them; throws UserError naming the check that a broken sandbox fails. */
  static async open(given: Partial<SandboxOptions> = {}): Promise<Sandbox> {
    const options = { ...SANDBOX_DEFAULTS, ...given };
    const runtime = runtimeDirectory();
    const sandbox = new Sandbox(options, runtime, await ensureSnapshot(runtime));
    try {
      await selfTest('python', sandbox.python.pool, sandbox.python.judge);
    } catch (error) {
      sandbox.close();
      throw error;
    }
    return sandbox;
  }

  /** Processes in use, for tests and `doctor`. */
  get pids(): { workers: number[]; judge: number | undefined } {
    return { workers: this.python.pool.pids, judge: this.python.judge.pid };
  }

  /** What the Python workers found to be in force around them, and the interpreter's version. */
  get level(): { level: Level; version: string } | undefined {
    return this.python.pool.ready;
  }

  /** The Python judge, whose interpreter also reads and changes trusted code. */
  get judge(): Judge {
    return this.python.judge;
  }

  /** The verdict on one program. Rejects when aborted, and when a language's self-test fails. */
  async verdict({ task, code }: Candidate, signal?: AbortSignal): Promise<Verdict> {
    const { timeoutMs, gate, idleMs } = this.options;
    clearTimeout(this.idleTimer);
    this.atWork++;
    try {
      const { pool, judge } = task.language === 'python' ? this.python : await this.openJavaScript();
      return await grade(task, code, pool, judge, { timeoutMs, gate, signal });
    } finally {
      if (--this.atWork === 0) this.idleTimer = setTimeout(() => this.stop(), idleMs).unref();
    }
  }

  /** Whether all answers of the task are True or False, so that guessing pays. */
  async isBoolean(task: Task): Promise<boolean> {
    if (task.language !== 'python') return false;
    const plan = await this.python.judge.plan(task);
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
      if (atWork.length >= this.workers * 8) yield await (atWork.shift() as Promise<Verdict>);
    }
    while (atWork.length > 0) yield await (atWork.shift() as Promise<Verdict>);
  }

  close(): void {
    clearTimeout(this.idleTimer);
    this.stop();
    this.python.pool.close();
    this.javascript?.then(
      ({ pool }) => pool.close(),
      () => {},
    );
  }

  /** Ends every process; further work starts new ones. */
  private stop(): void {
    endProcesses(this.python);
    this.javascript?.then(endProcesses, () => {});
  }

  private openJavaScript(): Promise<Court> {
    this.javascript ??= (async () => {
      const start = () => new WorkerChild(launchNode(this.runtime, 'javascript-worker.js', []));
      const court = { pool: new WorkerPool(this.workers, start), judge: new Judge(start) };
      await selfTest('javascript', court.pool, court.judge);
      return court;
    })();
    return this.javascript;
  }
}

function endProcesses({ pool, judge }: Court): void {
  pool.stop();
  judge.close();
}
