import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Launch } from './launch.ts';
import type { RunReply, WorkerReady, WorkerRequest } from './protocol.ts';

const MOST_BUFFERED = 16 << 20;
const START_LIMIT_MS = 60_000;

/** What became of a request. `exit`: the process ended by itself or by a foreign hand. */
export type Outcome =
  | { kind: 'reply'; reply: RunReply }
  | { kind: 'timeout' }
  | { kind: 'malformed' }
  | { kind: 'aborted' }
  | { kind: 'exit'; code: number | null; signal: NodeJS.Signals | null };

type Ending = Exclude<Outcome, { kind: 'reply' }>;

interface Pending {
  id: number;
  nonce: string;
  settle(outcome: Outcome): void;
}

export interface Call {
  operation: string;
  text: string;
  softMs: number;
  /** The process is killed when no answer has come by then. */
  hardMs: number;
  keep?: boolean;
  signal?: AbortSignal;
}

/** One worker process: one request at a time, killed when it is late, floods, or answers out of turn. */
export class WorkerChild {
  readonly ready: Promise<WorkerReady>;
  /** Requests served. */
  served = 0;
  private process: ChildProcess;
  private pending: Pending | undefined;
  private buffered = '';
  private ended: Ending | undefined;
  private onReady!: { resolve(ready: WorkerReady): void; reject(error: Error): void };

  constructor(launch: Launch) {
    this.ready = new Promise((resolve, reject) => {
      this.onReady = { resolve, reject };
    });
    this.ready.catch(() => {});
    this.process = spawn(launch.command, launch.args, {
      env: launch.env,
      cwd: path.parse(process.cwd()).root,
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const startLimit = setTimeout(() => this.kill('timeout'), START_LIMIT_MS);
    this.ready.then(
      () => clearTimeout(startLimit),
      () => clearTimeout(startLimit),
    );
    this.process.stdin?.on('error', () => {});
    this.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.read(chunk));
    this.process.on('error', () => this.end({ kind: 'exit', code: null, signal: null }));
    this.process.on('exit', (code, signal) => this.end({ kind: 'exit', code, signal }));
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  async call(call: Call): Promise<Outcome> {
    try {
      await this.ready;
    } catch {
      return this.ended ?? { kind: 'exit', code: null, signal: null };
    }
    if (this.ended) return this.ended;
    if (call.signal?.aborted) return { kind: 'aborted' };
    const id = ++this.served;
    const nonce = randomBytes(16).toString('hex');
    const { operation, text, softMs: soft, keep = false } = call;
    const request: WorkerRequest = { id, nonce, operation, text, soft, keep };
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.kill('timeout'), call.hardMs);
      const abort = () => this.kill('aborted');
      call.signal?.addEventListener('abort', abort, { once: true });
      this.pending = {
        id,
        nonce,
        settle: (outcome) => {
          clearTimeout(limit);
          call.signal?.removeEventListener('abort', abort);
          resolve(outcome);
        },
      };
      this.process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  kill(kind: 'timeout' | 'malformed' | 'aborted'): void {
    this.end({ kind });
    this.process.kill('SIGKILL');
  }

  private end(ending: Ending): void {
    if (this.ended) return;
    this.ended = ending;
    this.onReady.reject(new Error('the worker ended before it was ready'));
    this.settle(ending);
  }

  private settle(outcome: Outcome): void {
    const pending = this.pending;
    this.pending = undefined;
    pending?.settle(outcome);
  }

  private read(chunk: string): void {
    if (this.ended) return;
    const lines = (this.buffered + chunk).split('\n');
    this.buffered = lines.pop() ?? '';
    for (const line of lines) this.line(line);
    if (this.buffered.length > MOST_BUFFERED) this.kill('malformed');
  }

  private line(line: string): void {
    const message = parse(line);
    if (message && 'ready' in message) this.onReady.resolve(message);
    else if (message && this.pending?.id === message.id && this.pending.nonce === message.nonce) {
      this.settle({ kind: 'reply', reply: message });
    } else this.kill('malformed');
  }
}

function parse(line: string): WorkerReady | RunReply | undefined {
  try {
    const value = JSON.parse(line);
    if (value?.ready === true) return value;
    return typeof value?.text === 'string' && typeof value.ok === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
}
