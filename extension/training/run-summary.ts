import { INTERRUPTED, type RunRow, type RunUpdate } from '../../server/protocol.ts';

export interface RunSummary {
  /** Running while its process is at work, done when it has taken all steps; what rests can be resumed. */
  phase: 'running' | 'resting' | 'done';
  /** Of the process; 0 where there was none. */
  pid: number;
  /** State, step, reward and held-out pass@1 on one line. */
  description: string;
  /** Why it failed or is interrupted; otherwise empty. */
  reason: string;
}

export interface RunSigns {
  /** Whether a process exists. */
  isAlive(pid: number): boolean;
  /** Whether the run was asked to stop. */
  stopRequested: boolean;
}

/** What a list says of a run. */
export function summarise({ state, metrics }: RunUpdate, { isAlive, stopRequested }: RunSigns): RunSummary {
  if (!state) return { phase: 'resting', pid: 0, description: 'new', reason: '' };
  const pid = Number(state.pid);
  const running = state.status === 'running' && isAlive(pid);
  const { status, reason = '' } = state.status === 'running' && !running ? INTERRUPTED : state;
  const reward = last(metrics, (row) => (row.reward as RunRow | undefined)?.mean);
  const passAt1 = last(metrics, (row) => (row.heldOut as RunRow | undefined)?.passAt1);
  const parts = [
    running && stopRequested ? 'stopping' : String(status),
    `step ${state.step} of ${state.steps}`,
    ...(reward === undefined ? [] : [`reward ${reward.toFixed(2)}`]),
    ...(passAt1 === undefined ? [] : [`pass@1 ${(100 * passAt1).toFixed(0)} %`]),
  ];
  const phase = running ? 'running' : state.status === 'done' ? 'done' : 'resting';
  return { phase, pid, description: parts.join(' · '), reason: String(reason) };
}

/** What a list calls a run: when it began, in the user's time, where its folder has no name of its own. */
export function runLabel(folder: string): string {
  const [, date, hour, minute, kind] = /^(\d{8})T(\d\d)(\d\d)\d\dZ-(.+)$/.exec(folder) ?? [];
  if (date === undefined) return folder;
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)];
  const began = new Date(`${year}-${month}-${day}T${hour}:${minute}Z`);
  const time = began.toLocaleString([], {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return kind === 'grpo' ? time : `${time} ${kind}`;
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
