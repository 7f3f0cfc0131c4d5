/** A message of JSON-RPC 2.0. */
export interface Message {
  jsonrpc: '2.0';
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

/** What a connection needs of the editor's CancellationToken. */
export interface Cancellation {
  onCancellationRequested(listener: () => void): { dispose(): unknown };
}

export type Handler = (params: never) => unknown;

/** What the other side may ask and tell, by method. */
export interface Handlers {
  asked: ReadonlyMap<string, Handler>;
  notified: ReadonlyMap<string, Iterable<Handler>>;
}

interface Asked {
  resolve(result: never): void;
  reject(error: Error): void;
}

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

/**
 * One end of JSON-RPC over something that carries whole messages. vscode-jsonrpc, most of which is about streams, would
 * take 6 ms of the extension host's loop to load (docs/performance.md).
 */
export class Connection {
  private readonly post: (message: Message) => void;
  private readonly handlers: Handlers;
  /** Requests without an answer yet. */
  private readonly open = new Map<number | string, Asked>();
  private lastId = 0;
  private closed: Error | undefined;

  constructor(post: (message: Message) => void, handlers: Handlers) {
    this.post = post;
    this.handlers = handlers;
  }

  /** Rejects with what the other side answers, and when the connection is closed. */
  request<T>(method: string, params?: unknown, cancellation?: Cancellation): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    const id = ++this.lastId;
    const answer = new Promise<T>((resolve, reject) => this.open.set(id, { resolve, reject }));
    this.post({ jsonrpc: '2.0', id, method, params });
    const cancelling = cancellation?.onCancellationRequested(() => this.notify('$/cancelRequest', { id }));
    return answer.finally(() => cancelling?.dispose());
  }

  notify(method: string, params: unknown): void {
    if (!this.closed) this.post({ jsonrpc: '2.0', method, params });
  }

  /** To be called with every message that comes. */
  receive({ id, method, params, result, error }: Message): void {
    if (method !== undefined && id !== undefined) void this.answer(id, method, params);
    else if (method !== undefined) {
      for (const handle of this.handlers.notified.get(method) ?? []) handle(params as never);
    } else if (id !== undefined) {
      const asked = this.open.get(id);
      this.open.delete(id);
      if (error) asked?.reject(new Error(error.message));
      else asked?.resolve(result as never);
    }
  }

  /** Fails everything that has no answer, and what is asked from now on. */
  close(reason: Error): void {
    this.closed = reason;
    for (const { reject } of this.open.values()) reject(reason);
    this.open.clear();
  }

  private async answer(id: number | string, method: string, params: unknown): Promise<void> {
    const reply = (outcome: Pick<Message, 'result' | 'error'>) => {
      if (!this.closed) this.post({ jsonrpc: '2.0', id, ...outcome });
    };
    const handle = this.handlers.asked.get(method);
    if (!handle) return reply({ error: { code: METHOD_NOT_FOUND, message: `${method} has no handler.` } });
    try {
      reply({ result: (await handle(params as never)) ?? null });
    } catch (error) {
      reply({ error: { code: INTERNAL_ERROR, message: (error as Error).message } });
    }
  }
}
