export interface CrashLimits {
  /** Wait before the first restart, milliseconds; it doubles with every further crash. */
  firstDelay: number;
  longestDelay: number;
  /** So many crashes within `within` milliseconds, and there is no further restart. */
  crashes: number;
  within: number;
}

export const CRASH_LIMITS: CrashLimits = {
  firstDelay: 500,
  longestDelay: 30_000,
  crashes: 5,
  within: 180_000,
};

/** Decides when a crashed process is started again. */
export class CrashPolicy {
  private readonly limits: CrashLimits;
  private times: number[] = [];

  constructor(limits: CrashLimits) {
    this.limits = limits;
  }

  /** Milliseconds to wait after a crash at `now` (milliseconds), or undefined: do not start it again. */
  record(now: number): number | undefined {
    const { firstDelay, longestDelay, crashes, within } = this.limits;
    this.times = [...this.times.filter((time) => now - time < within), now];
    if (this.times.length >= crashes) return undefined;
    return Math.min(firstDelay * 2 ** (this.times.length - 1), longestDelay);
  }

  forget(): void {
    this.times = [];
  }
}
