/** Timers and the time of day in milliseconds; tests bring their own. */
export interface AlarmClock {
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** A timer that fires later than this has slept. Milliseconds. */
const LATE = 1000;

const SYSTEM: AlarmClock = {
  now: Date.now,
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Rings when nobody has set it again in time. One that fires much too late waits once more: this process was stopped
 * or the machine suspended, so that nobody could have set it, and what was said meanwhile has not been read.
 */
export class Alarm {
  private readonly clock: AlarmClock;
  private timer: unknown;

  constructor(clock: AlarmClock = SYSTEM) {
    this.clock = clock;
  }

  set(milliseconds: number, ring: () => void): void {
    this.clear();
    const due = this.clock.now() + milliseconds;
    this.timer = this.clock.setTimeout(() => {
      const late = this.clock.now() - due > LATE;
      if (late) this.timer = this.clock.setTimeout(ring, milliseconds);
      else ring();
    }, milliseconds);
  }

  clear(): void {
    this.clock.clearTimeout(this.timer);
  }
}
