import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { FromEngine, ToEngine } from '../protocol.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import type { LoadModel } from './loaded-model.ts';
import { WarmModel } from './warm-model.ts';

type Load = Extract<ToEngine, { type: 'load' }>;
type Complete = Extract<ToEngine, { type: 'complete' }>;

const ALIVE_MILLISECONDS = 1000;

/**
 * The engine's side of the pipe: reads requests from `input`, answers on `output`. One request runs at a time and one
 * waits; a later one takes the place of the one that waits. Resolves when the input ends; rejects with FrameError when
 * it carries something that is no frame.
 */
export function serve(input: Readable, output: Writable, load: LoadModel): Promise<void> {
  const server = new EngineServer((message) => output.write(encodeFrame(message)), load);
  const frames = new FrameReader();
  return new Promise((resolve, reject) => {
    input.on('data', (chunk: Buffer) => {
      try {
        for (const message of frames.push(chunk)) server.receive(message as ToEngine);
      } catch (error) {
        reject(error);
      }
    });
    input.once('end', resolve).once('error', reject);
  });
}

class EngineServer {
  private readonly send: (message: FromEngine) => void;
  private readonly load: LoadModel;
  private readonly tasks: (Load | Complete)[] = [];
  private model: WarmModel | undefined;
  /** The one that was announced. */
  private device: string | undefined;
  private working = false;
  private running: { id: number; cancelled: boolean } | undefined;
  private lastSign = 0;

  constructor(send: (message: FromEngine) => void, load: LoadModel) {
    this.send = send;
    this.load = load;
  }

  receive(message: ToEngine): void {
    if (message.type === 'cancel') {
      if (this.running?.id === message.id) this.running.cancelled = true;
      else this.drop((task) => task.id === message.id);
      return;
    }
    if (message.type === 'complete') this.drop(() => true);
    this.tasks.push(message);
    void this.work();
  }

  /** Takes waiting requests out of the queue. */
  private drop(which: (task: Complete) => boolean): void {
    const index = this.tasks.findIndex((task) => task.type === 'complete' && which(task));
    if (index < 0) return;
    const [task] = this.tasks.splice(index, 1) as [Complete];
    this.send({ type: 'dropped', id: task.id });
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (;;) {
      // Messages that have arrived are read first: they may replace or cancel the next task.
      await setImmediate();
      const task = this.tasks.shift();
      if (!task) break;
      await (task.type === 'load' ? this.open(task) : this.complete(task));
      this.send({ type: 'memory', resident: process.memoryUsage.rss() });
    }
    this.working = false;
  }

  private async open({ options }: Load): Promise<void> {
    this.device = undefined;
    try {
      this.model = await WarmModel.open(this.load, options, {
        onProgress: (progress, message) => this.send({ type: 'loading', progress, message }),
        onForward: () => this.forwardDone(),
      });
      this.announce(this.model);
    } catch (error) {
      this.send({ type: 'error', ...describe(error) });
    }
  }

  private async complete({ id, stream, ...request }: Complete): Promise<void> {
    if (!this.model) {
      this.send({ type: 'error', id, message: 'no model is loaded', user: false });
      return;
    }
    const running = { id, cancelled: false };
    this.running = running;
    try {
      const trajectory = await this.model.complete(request, {
        cancelled: () => running.cancelled,
        onStep: stream ? (step) => this.send({ type: 'step', id, step }) : undefined,
      });
      this.send({ type: 'done', id, trajectory });
    } catch (error) {
      this.send({ type: 'error', id, ...describe(error) });
    }
    this.running = undefined;
  }

  /** Says what is ready, also when another device has taken over. */
  private announce(model: WarmModel): void {
    const { ready } = model;
    if (ready.device === this.device) return;
    this.device = ready.device;
    this.send({ type: 'ready', ...ready });
  }

  private forwardDone(): void {
    if (this.model) this.announce(this.model);
    const now = performance.now();
    if (now - this.lastSign < ALIVE_MILLISECONDS) return;
    this.lastSign = now;
    this.send({ type: 'alive' });
  }
}

function describe(error: unknown): { message: string; user: boolean } {
  const user = error instanceof UserError;
  const message =
    error instanceof Error ? ((user ? undefined : error.stack) ?? error.message) : String(error);
  return { message, user };
}
