import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { EngineOptions, FromEngine, ToEngine, Trajectory } from '../protocol.ts';
import type { EngineRequest } from './engine.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import type { LoadModel } from './loaded-model.ts';
import { type WarmHooks, WarmModel } from './warm-model.ts';

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
  private options: EngineOptions | undefined;
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
    this.options = options;
    try {
      this.model = await WarmModel.open(this.load, options, {
        onProgress: (progress, message) => this.send({ type: 'loading', progress, message }),
        onForward: () => this.signOfLife(),
      });
      this.send({ type: 'ready', ...this.model.ready });
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
      const trajectory = await this.decode(this.model, request, {
        cancelled: () => running.cancelled,
        onStep: stream ? (step) => this.send({ type: 'step', id, step }) : undefined,
      });
      this.send({ type: 'done', id, trajectory });
    } catch (error) {
      this.send({ type: 'error', id, ...describe(error) });
    }
    this.running = undefined;
  }

  /** Where the device fails, because it was lost or is out of memory, the model is opened on the processor instead. */
  private async decode(model: WarmModel, request: EngineRequest, hooks: WarmHooks): Promise<Trajectory> {
    try {
      return await model.complete(request, hooks);
    } catch (error) {
      const { device } = model.ready;
      if (error instanceof UserError || device === 'cpu' || !this.options) throw error;
      process.stderr.write(
        `The device ${device} failed, the processor is used: ${(error as Error).message}\n`,
      );
      // What is lost cannot always be let go of.
      await model.release().catch(() => {});
      await this.open({ type: 'load', options: { ...this.options, device: 'cpu' } });
      if (this.model === model || !this.model) throw error;
      return this.model.complete(request, hooks);
    }
  }

  private signOfLife(): void {
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
