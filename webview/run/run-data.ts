import type { RunRow, RunUpdate } from '../../server/protocol.ts';

/** A run as far as it was read. */
export interface RunData {
  /** Path of the folder. */
  run: string;
  /** Its last part. */
  name: string;
  state: RunRow | null;
  metrics: RunRow[];
  samples: RunRow[];
}

/** The runs after an update of one of them. */
export function updated(runs: readonly RunData[], update: RunUpdate): RunData[] {
  const { run, state, restart } = update;
  const known = runs.find((each) => each.run === run);
  const before = known && !restart ? known : { metrics: [], samples: [] };
  const next: RunData = {
    run,
    name: run.split(/[\\/]/).filter(Boolean).at(-1) ?? run,
    state,
    metrics: [...before.metrics, ...update.metrics],
    // The same list as long as nothing is added: the page draws its table anew only for another one.
    samples: update.samples.length === 0 ? before.samples : [...before.samples, ...update.samples],
  };
  return known ? runs.map((each) => (each === known ? next : each)) : [...runs, next];
}
