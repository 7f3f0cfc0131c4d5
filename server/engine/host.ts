import type { EngineReady, FromEngine, Trajectory } from '../protocol.ts';
import { CRASH_LIMITS, type CrashLimits } from './crash-policy.ts';
import type { Engine, EngineHooks, EngineRequest, EngineSettings, EngineState } from './engine.ts';
import type { EngineCommand } from './engine-process.ts';
import { OpenRequests } from './open-requests.ts';
import { Supervisor } from './supervisor.ts';

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

  private readonly log: (line: string) => void;
  private readonly limits: HostLimits;
  private readonly supervisor: Supervisor;
  private readonly requests = new OpenRequests();
  private readonly listeners = new Set<() => void>();
  private settings: EngineSettings;
  private idle: NodeJS.Timeout | undefined;
  private disposed = false;

  constructor({ command, settings, log, limits }: EngineHostOptions) {
    this.settings = settings;
    this.log = log;
    this.limits = { ...LIMITS, ...limits };
    this.supervisor = new Supervisor(command, this.limits, {
      onStart: (engine) => {
        engine.send({ type: 'load', options: engineOptions(this.settings) });
        this.enter({ kind: 'loading', progress: 0, message: 'Starting the engine' });
      },
      onMessage: (message) => this.receive(message),
      onCrash: (reason, restarting) => this.crashed(reason, restarting),
      onLog: log,
    });
  }

  complete(request: EngineRequest, { signal, onStep }: EngineHooks = {}): Promise<Trajectory | null> {
    const engine = signal?.aborted || this.disposed ? undefined : this.supervisor.start();
    if (!engine) return Promise.resolve(null);
    const { id, answer } = this.requests.open(onStep);
    const cancel = () => this.requests.cancel(id) && engine.send({ type: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    engine.send({ type: 'complete', id, ...request, stream: onStep !== undefined });
    this.progressed();
    return answer.finally(() => signal?.removeEventListener('abort', cancel));
  }

  onDidChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  configure(settings: EngineSettings): void {
    const same = JSON.stringify(engineOptions(settings)) === JSON.stringify(engineOptions(this.settings));
    this.settings = settings;
    if (same) {
      this.setClocks();
      return;
    }
    // Which model and device it will be is known when it is loaded.
    this.model = undefined;
    void this.unload();
  }

  async restart(): Promise<void> {
    await this.unload();
    if (!this.disposed) this.supervisor.start();
    while (this.state.kind === 'loading') await this.nextChange();
  }

  async unload(): Promise<void> {
    const ended = this.supervisor.stop();
    this.leave({ kind: 'off' });
    await ended;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.unload();
    this.listeners.clear();
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
        // Comes after every request and says nothing about the next: a state of error stays to be seen.
        this.memory = message.resident;
        this.changed();
        return;
      case 'error':
        this.failed(message);
        return;
    }
    this.progressed();
  }

  private failed({ id, message, user }: Extract<FromEngine, { type: 'error' }>): void {
    this.log(message);
    if (id !== undefined) {
      this.requests.close(id, null);
      this.progressed();
      if (user) this.enter({ kind: 'error', message });
    } else if (user) {
      this.supervisor.bar();
      this.leave({ kind: 'error', message });
    } else {
      this.supervisor.running?.kill(`failed: ${message}`);
    }
  }

  private crashed(reason: string, restarting: boolean): void {
    this.log(`The engine ${reason}.`);
    const outlook = restarting ? '; it is being restarted.' : ', again; it stays off until it is restarted.';
    this.leave({ kind: 'error', message: `The engine ${reason}${outlook}` });
  }

  /** The process has gone, or was let go of. */
  private leave(state: EngineState): void {
    this.memory = undefined;
    this.requests.closeAll();
    this.enter(state);
  }

  /** After a sign of life or a new request. */
  private progressed(): void {
    const kind = this.requests.count > 0 ? 'busy' : 'ready';
    if (this.supervisor.running && this.state.kind !== 'loading' && this.state.kind !== kind) {
      this.enter({ kind });
    } else {
      this.setClocks();
    }
  }

  private enter(state: EngineState): void {
    this.state = state;
    this.setClocks();
    this.changed();
  }

  private setClocks(): void {
    clearTimeout(this.idle);
    const loading = this.state.kind === 'loading';
    const working = loading || this.requests.count > 0;
    this.supervisor.expectSign(working ? this.limits[loading ? 'load' : 'forward'] : undefined);
    const { unloadAfterMinutes } = this.settings;
    if (this.supervisor.running && !working && unloadAfterMinutes > 0) {
      this.idle = setTimeout(() => void this.unload(), unloadAfterMinutes * 60_000);
    }
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onDidChange(() => {
        stop();
        resolve();
      });
    });
  }
}

function engineOptions({ modelDir, device, threads, storageDir }: EngineSettings) {
  return { modelDir, device, threads, storageDir };
}
