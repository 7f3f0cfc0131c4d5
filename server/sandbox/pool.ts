import type { Call, Outcome, WorkerChild } from './child.ts';
import type { WorkerReady } from './protocol.ts';

const RUNS_BEFORE_RECYCLING = 1000;

interface Waiting {
  call: Call;
  resolve(outcome: Outcome): void;
}

/**
 * The workers that candidates run in: first come, first served; a worker that failed, grew or served long is
 * replaced. Processes start when there is work, one after another, because starting at once takes far longer.
 */
export class WorkerPool {
  private idle: WorkerChild[] = [];
  private all = new Set<WorkerChild>();
  private waiting: Waiting[] = [];
  private starting = false;
  /** What the last started worker said of itself. */
  ready: WorkerReady | undefined;
  private closed = false;
  private start: () => WorkerChild;
  readonly size: number;

  constructor(size: number, start: () => WorkerChild) {
    this.size = size;
    this.start = start;
  }

  get pids(): number[] {
    return [...this.all].flatMap((worker) => worker.pid ?? []);
  }

  run(call: Call): Promise<Outcome> {
    return new Promise((resolve) => {
      this.waiting.push({ call, resolve });
      this.dispatch();
    });
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  /** Ends every process; the next run starts new ones. */
  stop(): void {
    for (const worker of this.all) worker.kill('aborted');
    for (const { resolve } of this.waiting.splice(0)) resolve({ kind: 'aborted' });
    this.all.clear();
    this.idle = [];
  }

  private dispatch(): void {
    this.waiting = this.waiting.filter(({ call, resolve }) => {
      if (call.signal?.aborted || this.closed) resolve({ kind: 'aborted' });
      return !call.signal?.aborted && !this.closed;
    });
    while (this.waiting.length > 0 && this.idle.length > 0) {
      const worker = this.idle.pop() as WorkerChild;
      if (worker.alive) void this.serve(worker, this.waiting.shift() as Waiting);
      else this.all.delete(worker);
    }
    if (this.waiting.length > 0 && this.all.size < this.size && !this.starting) void this.grow();
  }

  private async grow(): Promise<void> {
    this.starting = true;
    const worker = this.start();
    this.all.add(worker);
    const ready = await worker.ready.catch(() => undefined);
    this.ready = ready ?? this.ready;
    this.starting = false;
    if (!ready) {
      this.all.delete(worker);
      // No worker at all: the oldest request learns of it, so that a broken installation cannot loop for ever.
      if (this.all.size === 0) this.waiting.shift()?.resolve({ kind: 'exit', code: null, signal: null });
    } else if (this.all.has(worker)) this.idle.push(worker);
    this.dispatch();
  }

  private async serve(worker: WorkerChild, { call, resolve }: Waiting): Promise<void> {
    const outcome = await worker.call(call);
    const sound = outcome.kind === 'reply' && outcome.reply.ok && !outcome.reply.worn;
    if (sound && worker.served < RUNS_BEFORE_RECYCLING && this.all.has(worker)) this.idle.push(worker);
    else {
      worker.kill('aborted');
      this.all.delete(worker);
    }
    resolve(outcome);
    this.dispatch();
  }
}
