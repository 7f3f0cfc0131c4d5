import { type ChildProcess, spawn } from 'node:child_process';
import type { FromEngine, ToEngine } from '../protocol.ts';
import { encodeFrame, FrameReader } from './frames.ts';

/** How the engine process is started: a script of our own, run by the Node that runs us. */
export interface EngineCommand {
  /** Arguments of Node; the script first unless flags precede it. */
  args: readonly string[];
}

export interface EngineProcessEvents {
  onMessage(message: FromEngine): void;
  /** Once, after the last message. The reason continues the sentence "The engine …". */
  onExit(reason: string): void;
  /** A line the process wrote to its standard error. */
  onLog(line: string): void;
}

/** Time to leave by itself after its input was closed: several forwards. */
const GRACE_MILLISECONDS = 1000;

/**
 * Under Electron the same binary runs plain Node. The other settings are for glibc's allocator: with its default arenas
 * resident memory grows with every model that is opened, and weights on huge pages are read about a twentieth faster.
 */
export const ENGINE_ENVIRONMENT = {
  ELECTRON_RUN_AS_NODE: '1',
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '100000',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};

/** One running engine: frames out, frames in, and its end. */
export class EngineProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private killedBecause: string | undefined;

  constructor(command: EngineCommand, events: EngineProcessEvents) {
    this.child = spawn(process.execPath, command.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...ENGINE_ENVIRONMENT },
      windowsHide: true,
    });
    this.exited = new Promise((resolve) => {
      const exit = (reason: string) => {
        resolve();
        events.onExit(this.killedBecause ?? reason);
      };
      // A process that could not be started may or may not be closed as well: whichever comes first is its end.
      const once = onlyFirst(exit);
      this.child.once('error', (error) => once(`could not be started: ${error.message}`));
      this.child.once('close', (code, signal) =>
        once(signal ? `was killed by ${signal}` : `ended with code ${code}`),
      );
    });
    // Writing to a process that has just ended fails; its end is reported by `close`.
    this.child.stdin?.on('error', () => {});
    this.readMessages(events);
    readLines(this.child.stderr, events.onLog);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  send(message: ToEngine): void {
    this.child.stdin?.write(encodeFrame(message));
  }

  /** Ends the process at once, even inside a forward. The reason is what `onExit` reports. */
  kill(reason: string): void {
    this.killedBecause = reason;
    this.child.kill('SIGKILL');
  }

  /** Closes the input, at which the process leaves between two forwards; kills it if it does not. */
  async end(): Promise<void> {
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MILLISECONDS);
    await this.exited;
    clearTimeout(timer);
  }

  private readMessages(events: EngineProcessEvents): void {
    const reader = new FrameReader();
    this.child.stdout?.on('data', (chunk: Buffer) => {
      if (this.killedBecause !== undefined) return;
      try {
        for (const message of reader.push(chunk)) events.onMessage(message as FromEngine);
      } catch (error) {
        this.kill(`wrote something that is no message: ${(error as Error).message}`);
      }
    });
  }
}

function onlyFirst(call: (reason: string) => void): (reason: string) => void {
  let called = false;
  return (reason) => {
    if (called) return;
    called = true;
    call(reason);
  };
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
