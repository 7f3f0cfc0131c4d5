import { INTERRUPTED, type RunRow, type RunUpdate } from '../../server/protocol.ts';

export interface RunSummary {
  /** Whether its process is at work. */
  running: boolean;
  /** State, step, reward and held-out pass@1 on one line. */
  description: string;
  /** Why it failed or is interrupted; otherwise empty. */
  reason: string;
}

/** What a list says of a run. `isAlive` tells whether a process exists. */
export function summarise({ state, metrics }: RunUpdate, isAlive: (pid: number) => boolean): RunSummary {
  if (!state) return { running: false, description: 'new', reason: '' };
  const running = state.status === 'running' && isAlive(Number(state.pid));
  const { status, reason = '' } = state.status === 'running' && !running ? INTERRUPTED : state;
  const reward = last(metrics, (row) => (row.reward as RunRow | undefined)?.mean);
  const passAt1 = last(metrics, (row) => (row.heldOut as RunRow | undefined)?.passAt1);
  const parts = [
    String(status),
    `step ${state.step} of ${state.steps}`,
    ...(reward === undefined ? [] : [`reward ${reward.toFixed(2)}`]),
    ...(passAt1 === undefined ? [] : [`pass@1 ${(100 * passAt1).toFixed(0)} %`]),
  ];
  return { running, description: parts.join(' · '), reason: String(reason) };
}

function last(rows: readonly RunRow[], of: (row: RunRow) => unknown): number | undefined {
  return rows.map(of).findLast((value): value is number => typeof value === 'number');
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
