import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { lockOwner } from '../folder-lock.ts';
import { INTERRUPTED } from '../protocol.ts';
import { RunFolder, type RunState, type RunStatus } from '../train/run/run-folder.ts';
import { type Command, UsageError } from './command.ts';

export const runsList: Command = {
  name: 'runs list',
  usage: '[DIR]',
  summary: 'list the runs below a folder, runs/ by default',
  options: {},
  async run(args, _values, io) {
    if (args.length > 1) throw new UsageError('at most one folder is expected');
    const parent = args[0] ?? 'runs';
    const names = existsSync(parent) ? (await readdir(parent)).sort() : [];
    const rows: ({ dir: string } & Partial<ShownState>)[] = [];
    for (const name of names) {
      const dir = path.join(parent, name);
      if (!existsSync(path.join(dir, 'state.json'))) continue;
      rows.push({ dir, ...(await currentState(dir)) });
    }
    const lines = rows.map(
      ({ dir, status, step, steps }) => `${dir}  ${status ?? 'new'}  step ${step ?? 0} of ${steps ?? '?'}`,
    );
    io.result(lines.length === 0 ? `no runs in ${parent}` : lines.join('\n'), { runs: rows });
  },
};

export type ShownState = Omit<RunState, 'status'> & { status: RunStatus | typeof INTERRUPTED.status };

/** The state of a run; one whose process is gone without having said so is interrupted. */
export async function currentState(dir: string): Promise<ShownState | undefined> {
  const state = await (await RunFolder.open(dir)).state();
  const lost = state?.status === 'running' && lockOwner(dir) === undefined;
  return lost ? { ...state, ...INTERRUPTED } : state;
}
