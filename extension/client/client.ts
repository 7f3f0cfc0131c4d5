import { Worker } from 'node:worker_threads';
import {
  type CancellationToken,
  createMessageConnection,
  type Disposable,
  Emitter,
  type Event,
  type MessageConnection,
  PortMessageReader,
  PortMessageWriter,
} from 'vscode-jsonrpc/node';
import type { InitializeParams } from 'vscode-languageserver';

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
  connection: MessageConnection;
}

type Handler = (params: never) => unknown;

/**
 * A client of the language server, as much of one as this extension needs. It knows no editor: features give it
 * handlers, which hold for every server that is started, and follow its state.
 */
export class Client {
  private readonly options: ClientOptions;
  private readonly changed = new Emitter<ClientState>();
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

  get onDidChangeState(): Event<ClientState> {
    return this.changed.event;
  }

  /** Resolves when the server can be asked. Rejects if it cannot be started. */
  start(): Promise<void> {
    if (this.state === 'stopped') {
      this.ends = [];
      this.started = this.launch();
    }
    return this.started;
  }

  /** Waits for a server that is starting. Rejects where there is none, and with what the server answers. */
  async sendRequest<T>(method: string, params?: unknown, token?: CancellationToken): Promise<T> {
    if (this.state === 'starting') await this.started;
    if (!this.server || !this.running) throw new Error('the language server is not running.');
    return this.server.connection.sendRequest<T>(method, params, token);
  }

  /** Goes nowhere while no server runs. */
  sendNotification(method: string, params: unknown): void {
    if (this.running) this.server?.connection.sendNotification(method, params).catch(ignore);
  }

  onNotification<P>(method: string, handler: (params: P) => void): Disposable {
    const handlers = this.notified.get(method) ?? new Set();
    this.notified.set(method, handlers.add(handler));
    return { dispose: () => handlers.delete(handler) };
  }

  /** Answers requests of the server: one handler a method, given before the start. */
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
    connection
      .sendRequest('shutdown')
      .then(() => connection.sendNotification('exit'), end)
      .catch(ignore);
    await exited;
    clearTimeout(late);
  }

  private async launch(): Promise<void> {
    const worker = new Worker(this.options.thread, { workerData: this.options.server, execArgv: [] });
    const server = { worker, connection: this.connect(worker) };
    this.enter('starting', server);
    const ended = new Promise<never>((_, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('it has ended; the log may say why.')));
    });
    ended.catch(() => this.ended(server));
    const initialized = server.connection.sendRequest('initialize', {
      processId: process.pid,
      ...this.options.initialize,
    });
    try {
      await Promise.race([ended, initialized]);
    } catch (error) {
      if (this.server === server) this.enter('stopped');
      void worker.terminate();
      throw error;
    }
    if (this.server !== server) return;
    server.connection.sendNotification('initialized', {}).catch(ignore);
    this.enter('running', server);
  }

  private connect(worker: Worker): MessageConnection {
    // A worker is all that they use of the port that they are declared to want.
    const port = worker as never as ConstructorParameters<typeof PortMessageReader>[0];
    const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port));
    connection.onNotification((method, params) => {
      for (const handler of this.notified.get(method) ?? []) handler(params as never);
    });
    for (const [method, handler] of this.asked) connection.onRequest(method, handler as never);
    connection.listen();
    return connection;
  }

  /** What is still asked of a server that has ended fails; one that ran is started again. */
  private ended(server: Server): void {
    server.connection.dispose();
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
    this.changed.fire(state);
  }
}

/** A connection that breaks is noticed by the end of its thread. */
function ignore(): void {}
