import type { Step } from '../../server/protocol.ts';

/** A moment of the clock that all traces on the page share. */
export interface Tick {
  /** Milliseconds of decoding since the first step began. */
  time: number;
  /** How many steps of each trace have ended by then. */
  shown: number[];
}

/** The moments at which something changes in any of the traces, the first being their common beginning. */
export function timeline(traces: readonly (readonly Step[])[]): Tick[] {
  const ends = traces.map(endTimes);
  const times = [...new Set(ends.flat())].sort((a, b) => a - b);
  const shown = traces.map(() => 0);
  const ticks: Tick[] = [{ time: 0, shown: [...shown] }];
  for (const time of times) {
    for (const [i, end] of ends.entries()) {
      while (end[shown[i]] <= time) shown[i]++;
    }
    ticks.push({ time, shown: [...shown] });
  }
  return ticks;
}

/** When each step has ended. Two steps of one trace never end together, so that each can be looked at. */
function endTimes(steps: readonly Step[]): number[] {
  let time = 0;
  return steps.map(({ milliseconds }) => {
    time += Math.max(0.001, milliseconds);
    return time;
  });
}

/** The last tick that is over at a time. */
export function tickAt(ticks: readonly Tick[], time: number): number {
  let at = 0;
  while (at + 1 < ticks.length && ticks[at + 1].time <= time) at++;
  return at;
}
