const KEPT = 10;
/** A median above this, milliseconds, is felt as slow. */
const SLOW = 400;
/** More late answers than this share, and most completions never show. */
const TOO_MANY_LATE = 0.3;

/** How long the last requests to the model took, and what to say about it. */
export class LatencyTracker {
  private times: number[] = [];

  /** Milliseconds from request to answer. */
  record(milliseconds: number): void {
    this.times = [...this.times, milliseconds].slice(-KEPT);
  }

  /** An answer came after the deadline. */
  recordLate(): void {
    this.record(Number.POSITIVE_INFINITY);
  }

  /** Oldest first; Infinity where the deadline passed. */
  get last(): readonly number[] {
    return this.times;
  }

  /** Median of the answers in time, milliseconds; undefined without one. */
  get median(): number | undefined {
    const inTime = this.times.filter(Number.isFinite).sort((a, b) => a - b);
    return inTime[Math.floor((inTime.length - 1) / 2)];
  }

  /** A sentence that tells why completions are slow and what helps, or undefined when they are not. */
  help(device: string | undefined, threads: number | undefined): string | undefined {
    const late = this.times.filter((time) => !Number.isFinite(time)).length / KEPT;
    const median = this.median;
    if (late <= TOO_MANY_LATE && (median === undefined || median <= SLOW)) return undefined;
    const what =
      late > TOO_MANY_LATE
        ? `${late * KEPT} of the last ${KEPT} answers came too late to be shown`
        : `half of the last answers took more than ${Math.round(median!)} ms`;
    const where = device === undefined ? '' : ` on ${device}${threads ? ` with ${threads} threads` : ''}`;
    return `Completions are slow: ${what}${where}; a smaller maxTokens or contextTokens, or an idle machine, helps.`;
  }
}
