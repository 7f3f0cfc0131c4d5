import type { Activations } from '../../kernels/linear/int8.ts';
import type { VerifiedWindows } from '../decode/settings.ts';

/** Milliseconds by what can be chosen, the choice without a measurement or the cheapest one first. */
export type Times<T> = [choice: T, milliseconds: number][];

/** What was measured of a model on a machine. */
export interface Measurements {
  /** Of a usual forward, by its threads. */
  threads: Times<number>;
  /** Of an int8 product, by the type of its activations. */
  activations: Times<Activations>;
  /** Of a token of verified decoding, by its window; empty for a model that does not decode so. */
  windows: Times<number>;
  /** The same with the fastest of these, by the least chance of a further window; missing where it was not measured yet. */
  windowChances?: Times<number>;
}

/** Another choice must save so much: more threads are of use to the editor, and a measurement is never exact. */
const WORTH = 0.95;

/** The first choice that none after it is clearly faster than; undefined where there is none. */
export function fastest<T>(times: Times<T>): T | undefined {
  if (times.length === 0) return undefined;
  return times.reduce((best, next) => (next[1] < WORTH * best[1] ? next : best))[0];
}

/** How verified decoding was the fastest; empty where it was not measured. */
export function fastestWindows(measured: Measurements | undefined): VerifiedWindows {
  const [window, windowChance] = [fastest(measured?.windows ?? []), fastest(measured?.windowChances ?? [])];
  return { ...(window !== undefined && { window }), ...(windowChance !== undefined && { windowChance }) };
}

/** What is chosen and what it was chosen from, by what there is to choose. */
export function describeMeasurements({
  threads,
  activations,
  windows,
  windowChances = [],
}: Measurements): Record<string, string> {
  const all: Record<string, Times<unknown>> = {
    threads,
    activations,
    window: windows,
    windowChance: windowChances,
  };
  const described = Object.entries(all).map(([what, times]) => {
    const list = times.map(([choice, time]) => `${choice}: ${time.toFixed(1)} ms`).join(', ');
    return [what, `${fastest(times)} (${list})`];
  });
  return Object.fromEntries(described.filter(([what]) => all[what].length > 0));
}
