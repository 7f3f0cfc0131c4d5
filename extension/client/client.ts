import { Worker } from 'node:worker_threads';
import type { Disposable, Event } from 'vscode';
import type { InitializeParams } from 'vscode-languageserver';
import { type Cancellation, Connection, type Handler, type Handlers } from './connection.ts';

export type ClientState = 'starting' | 'running' | 'stopped';

/** A server that ended so often within so long is not started again by itself. */
const MOST_ENDS = 5;
const SPAN_MS = 3 * 60_000;
/** A server that is asked to end gets so long to write what it keeps. */
const SHUTDOWN_MS = 2000;

export interface ClientOptions {
  /** The program `server-thread.ts`, which has the server's process. */
  thread: string;
  /** The program of the server. */
  server: string;
  initialize: Omit<InitializeParams, 'processId'>;
  /** The server has ended too often, or could not be started again. */
  onGivenUp(error: Error): void;
}

interface Server {
  worker: Worker;
  connection: Connection;
}

/**
 * A client of the language server, as much of one as this extension needs. It knows no editor: features give it
 * handlers, which hold for every server that is started, and follow its state.
 */
export class Client {
  private readonly options: ClientOptions;
  private readonly listeners = new Set<(state: ClientState) => unknown>();
  private readonly notified = new Map<string, Set<Handler>>();
  private readonly asked = new Map<string, Handler>();
  private state: ClientState = 'stopped';
  private server: Server | undefined;
  private started = Promise.resolve();
  private ends: number[] = [];

  constructor(options: ClientOptions) {
    this.options = options;
  }

  get running(): boolean {
    return this.state === 'running';
  }

  readonly onDidChangeState: Event<ClientState> = (listener) => added(this.listeners, listener);

  /** Resolves when the server can be asked. Rejects if it cannot be started. */
  start(): Promise<void> {
    if (this.state === 'stopped') {
      this.ends = [];
      this.started = this.launch();
    }
    return this.started;
  }

  /** Waits for a server that is starting. Rejects where there is none, and with what the server answers. */
  async sendRequest<T>(method: string, params?: unknown, cancellation?: Cancellation): Promise<T> {
    if (this.state === 'starting') await this.started;
    if (!this.server || !this.running) throw new Error('the language server is not running.');
    return this.server.connection.request<T>(method, params, cancellation);
  }

  /** Goes nowhere while no server runs. */
  sendNotification(method: string, params: unknown): void {
    if (this.running) this.server?.connection.notify(method, params);
  }

  onNotification<P>(method: string, handler: (params: P) => void): Disposable {
    const handlers = this.notified.get(method) ?? new Set();
    this.notified.set(method, handlers);
    return added(handlers, handler);
  }

  /** Answers requests of the server: one handler a method. */
  onRequest<P>(method: string, handler: (params: P) => unknown): void {
    this.asked.set(method, handler);
  }

  /** Lets the server end. */
  async dispose(): Promise<void> {
    const server = this.server;
    this.enter('stopped');
    if (!server) return;
    const { worker, connection } = server;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    const end = () => void worker.terminate();
    const late = setTimeout(end, SHUTDOWN_MS);
    connection.request('shutdown').then(() => connection.notify('exit', undefined), end);
    await exited;
    clearTimeout(late);
  }

  private async launch(): Promise<void> {
    const worker = new Worker(this.options.thread, { workerData: this.options.server, execArgv: [] });
    const handlers: Handlers = { asked: this.asked, notified: this.notified };
    const connection = new Connection((message) => worker.postMessage(message), handlers);
    worker.on('message', (message) => connection.receive(message));
    const server = { worker, connection };
    this.enter('starting', server);
    const ended = new Promise<never>((_, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('it has ended; the log may say why.')));
    });
    ended.catch((error) => this.ended(server, error));
    try {
      await connection.request('initialize', { processId: process.pid, ...this.options.initialize });
    } catch (error) {
      if (this.server === server) this.enter('stopped');
      void worker.terminate();
      throw error;
    }
    if (this.server !== server) return;
    connection.notify('initialized', {});
    this.enter('running', server);
  }

  /** What is still asked of a server that has ended fails; one that ran is started again. */
  private ended(server: Server, reason: Error): void {
    server.connection.close(reason);
    if (server !== this.server || !this.running) return;
    const now = Date.now();
    this.ends = [...this.ends.filter((time) => now - time < SPAN_MS), now];
    if (this.ends.length >= MOST_ENDS) {
      this.enter('stopped');
      const minutes = SPAN_MS / 60_000;
      this.options.onGivenUp(new Error(`it ended ${MOST_ENDS} times within ${minutes} minutes.`));
    } else {
      this.started = this.launch();
      this.started.catch(this.options.onGivenUp);
    }
  }

  private enter(state: ClientState, server?: Server): void {
    this.server = server;
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }
}

function added<T>(set: Set<T>, member: T): Disposable {
  set.add(member);
  return { dispose: () => set.delete(member) };
}
