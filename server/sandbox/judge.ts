import { type Task, taskHash } from '../tasks/task.ts';
import type { Outcome, WorkerChild } from './child.ts';
import type { CallResult } from './results.ts';

const SOFT_MS = 4000;
const HARD_MS = 8000;
const MOST_IN_BATCH = 16;
/** Source characters of the tasks that the judge's interpreter keeps compiled; compiled, they take about tenfold. */
const MOST_REGISTERED = 4 << 20;

/** The calls that can be made before any result is known, and why the task cannot be judged, if so. */
export interface Plan {
  calls: string[];
  problem: string | null;
  /** All its answers are True or False, so that guessing pays. */
  boolean: boolean;
}

/** What the tests say of some results; `need` lists further calls that they make. */
export interface Judgement {
  outcomes: string[];
  need: string[];
}

/** The judge failed on this alone: by time, or otherwise. `infra` is a fault that has nothing to do with the data. */
export type JudgeFault = 'timeout' | 'crashed' | 'infra';

interface Item {
  task: Task;
  key: string;
  calls: string[];
  results: CallResult[];
  settle(judgement: Judgement | JudgeFault): void;
}

/** Client of the judge process: plans tasks, judges results in batches, restarts the process when it fails. */
export class Judge {
  private child: WorkerChild | undefined;
  private registered = new Set<string>();
  private registeredCharacters = 0;
  private plans = new Map<string, Plan>();
  private queue: Item[] = [];
  private turn: Promise<unknown> = Promise.resolve();
  private start: () => WorkerChild;
  private lastFault: JudgeFault = 'infra';

  constructor(start: () => WorkerChild) {
    this.start = start;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The plan of a task, made once. */
  async plan(task: Task): Promise<Plan | JudgeFault> {
    const key = taskHash(task);
    return this.plans.get(key) ?? this.exclusive(() => this.planTwice(task, key));
  }

  judge(task: Task, calls: string[], results: CallResult[]): Promise<Judgement | JudgeFault> {
    return new Promise((settle) => {
      this.queue.push({ task, key: taskHash(task), calls, results, settle });
      if (this.queue.length === 1) void this.exclusive(() => this.drain());
    });
  }

  /** Another operation on trusted code, str → str, after which the memory is restored; undefined when it failed. */
  async operation(operation: string, text: string): Promise<string | undefined> {
    return this.exclusive(async () => {
      this.clearRegistered();
      const outcome = await this.call(operation, text, false);
      return outcome.kind === 'reply' && outcome.reply.ok ? outcome.reply.text : undefined;
    });
  }

  close(): void {
    this.child?.kill('aborted');
    this.child = undefined;
    this.clearRegistered();
  }

  private exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.turn.then(work);
    this.turn = next.catch(() => {});
    return next;
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, MOST_IN_BATCH);
      const answers = await this.judgeBatch(batch);
      if (answers) batch.forEach((item, i) => void item.settle(answers[i]));
      else if (batch.length === 1) batch[0].settle(await this.judgeAgain(batch[0]));
      // One of them upset the judge: each alone, so that no candidate spoils another's verdict.
      else
        for (const item of batch)
          item.settle((await this.judgeBatch([item]))?.[0] ?? (await this.judgeAgain(item)));
    }
  }

  /** What took too long alone takes too long again; any other failure gets a second chance. */
  private async judgeAgain(item: Item): Promise<Judgement | JudgeFault> {
    if (this.lastFault === 'timeout') return 'timeout';
    return (await this.judgeBatch([item]))?.[0] ?? this.lastFault;
  }

  private async judgeBatch(batch: Item[]): Promise<Judgement[] | undefined> {
    for (const item of batch) {
      if (this.registered.has(item.key) && this.child?.alive) continue;
      const plan = await this.register(item.task, item.key);
      if (typeof plan === 'string') return undefined;
    }
    const text = JSON.stringify(batch.map(({ key, calls, results }) => ({ key, calls, results })));
    const outcome = await this.call('judge_batch', text);
    if (outcome.kind !== 'reply' || !outcome.reply.ok) return undefined;
    const answers = JSON.parse(outcome.reply.text) as (Judgement | null)[];
    return answers.every((answer) => answer !== null) ? (answers as Judgement[]) : undefined;
  }

  /** Tests that upset the judge are at fault themselves; that is remembered, since each try costs seconds. */
  private async planTwice(task: Task, key: string): Promise<Plan | JudgeFault> {
    let plan = await this.register(task, key);
    if (plan === 'crashed' || plan === 'infra') plan = await this.register(task, key);
    if (typeof plan !== 'string' || plan === 'infra') return plan;
    const problem = plan === 'timeout' ? 'its tests do not end' : 'its tests break the judge';
    const hopeless = { calls: [], problem, boolean: false };
    this.plans.set(key, hopeless);
    return hopeless;
  }

  private async register(task: Task, key: string): Promise<Plan | JudgeFault> {
    const known = this.plans.get(key);
    if (known && this.registered.has(key) && this.child?.alive) return known;
    const { setup, tests, prefix, reference, entry } = task;
    const text = JSON.stringify({ key, setup, tests, reference: prefix + reference, entry });
    if (this.registeredCharacters + text.length > MOST_REGISTERED) await this.forget();
    this.registeredCharacters += text.length;
    const outcome = await this.call('register_task', text);
    if (outcome.kind !== 'reply' || !outcome.reply.ok) return this.lastFault;
    const plan = JSON.parse(outcome.reply.text) as Plan;
    this.plans.set(key, plan);
    this.registered.add(key);
    return plan;
  }

  /** Back to the memory of the start, without any task. */
  private async forget(): Promise<void> {
    this.clearRegistered();
    await this.call('judge_batch', '[]', false);
  }

  private clearRegistered(): void {
    this.registered.clear();
    this.registeredCharacters = 0;
  }

  private async call(operation: string, text: string, keep = true): Promise<Outcome> {
    if (!this.child?.alive) {
      this.clearRegistered();
      this.child = this.start();
    }
    const outcome = await this.child.call({ operation, text, softMs: SOFT_MS, hardMs: HARD_MS, keep });
    const sound = outcome.kind === 'reply' && outcome.reply.ok && !outcome.reply.worn;
    if (!sound) {
      this.lastFault = faultOf(outcome);
      this.child.kill('aborted');
    }
    return outcome;
  }
}

function faultOf(outcome: Outcome): JudgeFault {
  if (outcome.kind === 'timeout') return 'timeout';
  if (outcome.kind === 'reply') return outcome.reply.interrupted > 0 ? 'timeout' : 'crashed';
  if (outcome.kind === 'exit')
    return outcome.signal === 'SIGKILL' || outcome.code === null ? 'infra' : 'crashed';
  return 'crashed';
}
