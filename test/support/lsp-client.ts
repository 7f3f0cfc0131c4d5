import { type ChildProcess, spawn } from 'node:child_process';

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number | null; message: string };
}

type Handler = (params: never) => unknown;

/** A language client that knows nothing but JSON-RPC: messages with a Content-Length over a process's pipes. */
export class LspClient {
  readonly exited: Promise<number | null>;
  /** Everything the server sent that was no response, in order. */
  readonly received: Message[] = [];
  private readonly child: ChildProcess;
  private readonly open = new Map<number, (message: Message) => void>();
  private readonly handlers = new Map<string, Handler>();
  private readonly waiting = new Set<() => void>();
  private input = Buffer.alloc(0);
  private lastId = 0;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout!.on('data', (chunk: Buffer) => this.read(chunk));
    this.child.stdin!.on('error', () => {});
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code) => {
        resolve(code);
        for (const id of this.open.keys())
          this.handle({ id, error: { code, message: 'the server has ended' } });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Answers requests of the server. */
  onRequest(method: string, handler: Handler): void {
    this.handlers.set(method, handler);
  }

  /** Sends a request. `cancel` takes it back; the answer still comes. */
  start<T>(method: string, params: unknown): { answer: Promise<T>; cancel(): void } {
    const id = ++this.lastId;
    const answer = new Promise<T>((resolve, reject) => {
      this.open.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as T);
      });
    });
    this.send({ id, method, params });
    return { answer, cancel: () => this.notify('$/cancelRequest', { id }) };
  }

  request<T>(method: string, params: unknown): Promise<T> {
    return this.start<T>(method, params).answer;
  }

  notify(method: string, params: unknown): void {
    this.send({ method, params });
  }

  /** Resolves with the parameters of the `count`-th notification `method` since the start. */
  async notification<T>(method: string, count = 1): Promise<T> {
    for (;;) {
      const found = this.received.filter((message) => message.method === method)[count - 1];
      if (found) return found.params as T;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  count(method: string): number {
    return this.received.filter((message) => message.method === method).length;
  }

  /** What the server logged as an error. */
  get loggedErrors(): string[] {
    return this.received
      .filter(({ method }) => method === 'window/logMessage')
      .map(({ params }) => params as { type: number; message: string })
      .flatMap(({ type, message }) => (type === 1 ? [message] : []));
  }

  async shutdown(): Promise<number | null> {
    await this.request('shutdown', undefined);
    this.notify('exit', undefined);
    return this.exited;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Closes the server's input, as a client that has died does. */
  endInput(): void {
    this.child.stdin!.end();
  }

  private send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    this.child.stdin!.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  private read(chunk: Buffer): void {
    this.input = Buffer.concat([this.input, chunk]);
    for (;;) {
      const headerEnd = this.input.indexOf('\r\n\r\n');
      if (headerEnd < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.input.toString('latin1', 0, headerEnd))![1]);
      const end = headerEnd + 4 + length;
      if (this.input.length < end) return;
      const message = JSON.parse(this.input.toString('utf8', headerEnd + 4, end));
      this.input = this.input.subarray(end);
      this.handle(message);
    }
  }

  private handle(message: Message): void {
    if (message.method === undefined) {
      this.open.get(message.id!)?.(message);
      this.open.delete(message.id!);
      return;
    }
    this.received.push(message);
    if (message.id !== undefined) {
      const result = this.handlers.get(message.method)?.(message.params as never) ?? null;
      this.send({ id: message.id, result });
    }
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
