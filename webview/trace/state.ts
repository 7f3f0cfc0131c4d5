import type { NamedTrajectory } from '../../server/protocol.ts';

/** What the page is a function of; kept over a reload of the window. */
export interface TracePageState {
  traces: NamedTrajectory[];
  tick: number;
}

/** More is not kept, characters of JSON: the editor holds it in memory and writes it with every change. */
const LIMIT = 4_000_000;

/** The state, without its traces when they are too large to keep. */
export function worthRemembering(state: TracePageState): TracePageState {
  return JSON.stringify(state).length <= LIMIT ? state : { ...state, traces: [] };
}
