import { type ChildProcess, spawn } from 'node:child_process';
import {
  createProtocolConnection,
  type InitializeParams,
  InlineCompletionTriggerKind,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import {
  type InitializationOptions,
  METHODS,
  type StepParams,
  type Trajectory,
} from '../../server/protocol.ts';
import type { Cursor } from './cursors.ts';

type Items = { insertText: string }[];

/** The two forms that the protocol allows an answer, and none. */
type Offered = Items | { items: Items } | null;

/** The language server as any editor would start it, spoken to over its standard streams. */
export class LanguageServer {
  readonly #process: ChildProcess;
  readonly #connection: ProtocolConnection;
  /** Settles when the server ends, with what it said last. */
  readonly #ended: Promise<never>;

  constructor(program: string) {
    this.#process = spawn(process.execPath, [program, 'lsp', '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#connection = createProtocolConnection(
      new StreamMessageReader(this.#process.stdout!),
      new StreamMessageWriter(this.#process.stdin!),
    );
    this.#ended = new Promise((_resolve, reject) => {
      this.#process.once('exit', (code, signal) =>
        reject(new Error(`the language server ended (${signal ?? code})`)),
      );
    });
    // Only a request that waits for an answer is told.
    this.#ended.catch(() => undefined);
    this.#connection.listen();
  }

  async initialize(options: InitializationOptions): Promise<void> {
    const params: InitializeParams = {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { inlineCompletion: {} } },
      initializationOptions: options,
    };
    await this.#request('initialize', params);
    await this.#connection.sendNotification('initialized', {});
  }

  /** Opens a Python document and calls `onStep` for every step of its completions. */
  async open(uri: string, text: string, onStep: (params: StepParams) => void): Promise<void> {
    this.#connection.onNotification(METHODS.step, onStep);
    await this.#connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'python', version: 1, text },
    });
    await this.#request(METHODS.watch, { on: true });
  }

  /** The offered text at a cursor, asked for by hand; undefined when nothing is offered. */
  async complete(uri: string, position: Cursor): Promise<string | undefined> {
    const result = await this.#request<Offered>('textDocument/inlineCompletion', {
      textDocument: { uri },
      position,
      context: { triggerKind: InlineCompletionTriggerKind.Invoked },
    });
    const items = Array.isArray(result) ? result : result?.items;
    return items?.[0]?.insertText;
  }

  lastTrajectory(): Promise<Trajectory | null> {
    return this.#request(METHODS.lastTrajectory, {});
  }

  async stop(): Promise<void> {
    await this.#request('shutdown', undefined);
    await this.#connection.sendNotification('exit');
    await this.#ended.catch(() => undefined);
  }

  kill(): void {
    this.#process.kill();
  }

  #request<T>(method: string, params: unknown): Promise<T> {
    return Promise.race([this.#connection.sendRequest<T>(method, params), this.#ended]);
  }
}
