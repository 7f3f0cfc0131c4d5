import type { Context } from './context.ts';

const MIN_DELAY = 120;
const MAX_DELAY = 600;
/** A longer pause tells nothing about the rhythm of typing. */
const LONGEST_INTERVAL = 2000;
/** Weight of the newest interval in the moving average. */
const NEWEST = 0.3;
/** An average typist's interval, until this one is known. */
const FIRST_INTERVAL = 250;

/**
 * The more likely a place is the end of a thought, the shorter the wait. The factor multiplies the typing interval:
 * below 1 the request starts before the next key is due, above 1 only after it has failed to come.
 */
const PROMISE: readonly { place: RegExp; factor: number }[] = [
  { place: /^\s*$/, factor: 0.6 },
  { place: /[:([{=.,]\s*$/, factor: 0.7 },
  { place: /\s$/, factor: 0.9 },
];
const INSIDE_A_WORD = 1.6;

/** Chooses how long to wait for the next key before the model is asked. All times in milliseconds. */
export class Debouncer {
  private interval = FIRST_INTERVAL;
  private lastRequest = Number.NEGATIVE_INFINITY;

  /** A request has come at `now`. */
  record(now: number): void {
    const interval = now - this.lastRequest;
    this.lastRequest = now;
    if (interval <= LONGEST_INTERVAL) this.interval += NEWEST * (interval - this.interval);
  }

  /** The wait for an automatic request; the time the model will need is part of the wait already. */
  delay({ linePrefix }: Context, expectedLatency: number): number {
    const factor = PROMISE.find(({ place }) => place.test(linePrefix))?.factor ?? INSIDE_A_WORD;
    return Math.min(MAX_DELAY, Math.max(MIN_DELAY, factor * this.interval - expectedLatency));
  }
}
