import type { EngineReady, FromEngine, Trajectory } from '../protocol.ts';
import { CRASH_LIMITS, type CrashLimits, CrashPolicy } from './crash-policy.ts';
import type { Engine, EngineHooks, EngineRequest, EngineSettings, EngineState } from './engine.ts';
import { type EngineCommand, EngineProcess } from './engine-process.ts';
import { OpenRequests } from './open-requests.ts';

export interface EngineHostOptions {
  command: EngineCommand;
  settings: EngineSettings;
  log(line: string): void;
  limits?: Partial<HostLimits>;
}

export interface HostLimits extends CrashLimits {
  /** A process that is silent for so long while it has a request hangs in a forward. Milliseconds. */
  forward: number;
  /** The same while it loads a model, which reads and re-orders all weights. Milliseconds. */
  load: number;
}

const LIMITS: HostLimits = { ...CRASH_LIMITS, forward: 20_000, load: 120_000 };

/**
 * The engine in a process of its own. The process is started by the first request, restarted after a crash, killed
 * when it hangs, and ended when it is idle; whatever happens to it, a request is answered.
 */
export class EngineHost implements Engine {
  state: EngineState = { kind: 'off' };
  model: EngineReady | undefined;
  memory: number | undefined;

  private readonly options: EngineHostOptions;
  private readonly limits: HostLimits;
  private readonly crashes: CrashPolicy;
  private readonly requests = new OpenRequests();
  private readonly listeners = new Set<() => void>();
  private settings: EngineSettings;
  private process: EngineProcess | undefined;
  private silence: NodeJS.Timeout | undefined;
  private idle: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  /** A new process would fail as the last one did: only configure() and restart() start one. */
  private barred = false;
  private disposed = false;

  constructor(options: EngineHostOptions) {
    this.options = options;
    this.settings = options.settings;
    this.limits = { ...LIMITS, ...options.limits };
    this.crashes = new CrashPolicy(this.limits);
  }

  complete(request: EngineRequest, hooks: EngineHooks = {}): Promise<Trajectory | null> {
    if (hooks.signal?.aborted) return Promise.resolve(null);
    const engine = this.start();
    if (!engine) return Promise.resolve(null);
    const { id, answer } = this.requests.open(hooks.onStep);
    const cancel = () => this.requests.cancel(id) && engine.send({ type: 'cancel', id });
    hooks.signal?.addEventListener('abort', cancel, { once: true });
    engine.send({ type: 'complete', id, ...request, stream: hooks.onStep !== undefined });
    this.progressed();
    return answer.finally(() => hooks.signal?.removeEventListener('abort', cancel));
  }

  onDidChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  configure(settings: EngineSettings): void {
    const same = JSON.stringify(engineOptions(settings)) === JSON.stringify(engineOptions(this.settings));
    this.settings = settings;
    if (same) this.watch();
    else void this.unload();
  }

  async restart(): Promise<void> {
    await this.unload();
    this.start();
    await this.loaded();
  }

  async unload(): Promise<void> {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.barred = false;
    this.crashes.forget();
    const engine = this.detach();
    this.enter({ kind: 'off' });
    await engine?.end();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.unload();
    this.listeners.clear();
  }

  /** The running process, or a new one, or undefined where there must be none. */
  private start(): EngineProcess | undefined {
    if (this.process || this.disposed || this.barred || this.retry) return this.process;
    const engine = new EngineProcess(this.options.command, {
      onMessage: (message) => this.process === engine && this.receive(message),
      onExit: (reason) => this.process === engine && this.crashed(reason),
      onLog: (line) => this.options.log(line),
    });
    this.process = engine;
    engine.send({ type: 'load', options: engineOptions(this.settings) });
    this.enter({ kind: 'loading', progress: 0, message: 'Starting the engine' });
    return engine;
  }

  private receive(message: FromEngine): void {
    switch (message.type) {
      case 'loading':
        this.enter({ kind: 'loading', progress: message.progress, message: message.message });
        return;
      case 'ready': {
        const { type, ...ready } = message;
        this.model = ready;
        this.enter({ kind: 'ready' });
        break;
      }
      case 'step':
        this.requests.step(message.id, message.step);
        break;
      case 'done':
        this.requests.close(message.id, message.trajectory.stop === 'cancelled' ? null : message.trajectory);
        break;
      case 'dropped':
        this.requests.close(message.id, null);
        break;
      case 'memory':
        this.memory = message.resident;
        this.changed();
        break;
      case 'error':
        this.failed(message);
        return;
    }
    this.progressed();
  }

  private failed({ id, message, user }: Extract<FromEngine, { type: 'error' }>): void {
    this.options.log(message);
    if (id !== undefined) {
      this.requests.close(id, null);
      this.progressed();
      if (user) this.enter({ kind: 'error', message });
    } else if (user) {
      this.barred = true;
      void this.detach()?.end();
      this.enter({ kind: 'error', message });
    } else {
      this.process?.kill(`failed: ${message}`);
    }
  }

  private crashed(reason: string): void {
    this.detach();
    this.options.log(`The engine ${reason}.`);
    const delay = this.crashes.record(Date.now());
    if (delay === undefined) {
      this.barred = true;
      this.enter({
        kind: 'error',
        message: `The engine ${reason}, again; it stays off until it is restarted.`,
      });
      return;
    }
    this.enter({ kind: 'error', message: `The engine ${reason}; it is being restarted.` });
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.start();
    }, delay);
  }

  /** Lets go of the process: its requests are answered, and nothing it still says is heard. */
  private detach(): EngineProcess | undefined {
    const engine = this.process;
    this.process = undefined;
    this.memory = undefined;
    this.requests.closeAll();
    this.watch();
    return engine;
  }

  /** After a sign of life or a new request: the state follows the open requests, and the clocks start anew. */
  private progressed(): void {
    if (this.state.kind !== 'loading' && this.process) {
      const kind = this.requests.count > 0 ? 'busy' : 'ready';
      if (this.state.kind !== kind) this.enter({ kind });
    }
    this.watch();
  }

  private watch(): void {
    clearTimeout(this.silence);
    clearTimeout(this.idle);
    const engine = this.process;
    if (!engine) return;
    const loading = this.state.kind === 'loading';
    if (loading || this.requests.count > 0) {
      const limit = loading ? this.limits.load : this.limits.forward;
      this.silence = setTimeout(() => engine.kill(`did not answer for ${limit / 1000} s`), limit);
    } else if (this.settings.unloadAfterMinutes > 0) {
      this.idle = setTimeout(() => void this.unload(), this.settings.unloadAfterMinutes * 60_000);
    }
  }

  private enter(state: EngineState): void {
    this.state = state;
    this.watch();
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private loaded(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onDidChange(() => {
        if (this.state.kind === 'loading') return;
        stop();
        resolve();
      });
      if (this.state.kind !== 'loading') {
        stop();
        resolve();
      }
    });
  }
}

function engineOptions({ modelDir, device, threads }: EngineSettings) {
  return { modelDir, device, threads };
}
