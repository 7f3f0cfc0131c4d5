import type { FromEngine } from '../protocol.ts';
import { Alarm } from './alarm.ts';
import { type CrashLimits, CrashPolicy } from './crash-policy.ts';
import { type EngineCommand, EngineProcess } from './engine-process.ts';

export interface SupervisorEvents {
  /** A process has been started: it wants to be told what to load. */
  onStart(engine: EngineProcess): void;
  onMessage(message: FromEngine): void;
  /** The process has gone by itself. The reason continues the sentence "The engine …". */
  onCrash(reason: string, restarting: boolean): void;
  onLog(line: string): void;
}

/** Keeps at most one engine process: restarts it after a crash, kills it when it is silent, gives up in time. */
export class Supervisor {
  private readonly command: EngineCommand;
  private readonly events: SupervisorEvents;
  private readonly crashes: CrashPolicy;
  private engine: EngineProcess | undefined;
  private readonly silence = new Alarm();
  private retry: NodeJS.Timeout | undefined;
  /** A new process would fail as the last one did. */
  private barred = false;

  constructor(command: EngineCommand, limits: CrashLimits, events: SupervisorEvents) {
    this.command = command;
    this.events = events;
    this.crashes = new CrashPolicy(limits);
  }

  get running(): EngineProcess | undefined {
    return this.engine;
  }

  /** The running process, or a new one; undefined while a restart is pending and after the process was given up. */
  start(): EngineProcess | undefined {
    if (this.engine || this.barred || this.retry) return this.engine;
    const engine = new EngineProcess(this.command, {
      // What a process says after it was let go of is not heard.
      onMessage: (message) => this.engine === engine && this.events.onMessage(message),
      onExit: (reason) => this.engine === engine && this.crashed(reason),
      onLog: this.events.onLog,
    });
    this.engine = engine;
    this.events.onStart(engine);
    return engine;
  }

  /** Ends the process and forgets its crashes. `start` works again at once. */
  async stop(): Promise<void> {
    this.barred = false;
    this.crashes.forget();
    clearTimeout(this.retry);
    this.retry = undefined;
    await this.release()?.end();
  }

  /** Ends the process and starts no other until `stop` was called. */
  bar(): void {
    void this.stop();
    this.barred = true;
  }

  /** Kills the process unless this is called again within `limit` milliseconds; undefined lets it be silent. */
  expectSign(limit: number | undefined): void {
    this.silence.clear();
    const engine = this.engine;
    if (!engine || limit === undefined) return;
    this.silence.set(limit, () => engine.kill(`did not answer for ${limit / 1000} s`));
  }

  private crashed(reason: string): void {
    this.release();
    const delay = this.crashes.record(Date.now());
    if (delay === undefined) {
      this.barred = true;
    } else {
      this.retry = setTimeout(() => {
        this.retry = undefined;
        this.start();
      }, delay);
    }
    this.events.onCrash(reason, delay !== undefined);
  }

  private release(): EngineProcess | undefined {
    this.silence.clear();
    const engine = this.engine;
    this.engine = undefined;
    return engine;
  }
}
