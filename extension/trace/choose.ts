import { type QuickPickItem, window } from 'vscode';
import { METHODS, type NamedTrajectory, type TrajectoriesResult } from '../../server/protocol.ts';
import { openTrace } from './files.ts';
import { nameOf } from './name.ts';
import type { TraceParts } from './parts.ts';

interface Item extends QuickPickItem {
  choose(): Promise<NamedTrajectory | undefined> | NamedTrajectory;
}

/** Lets the user choose among the last completions and saved traces; undefined when nothing is chosen. */
export async function chooseTrajectory(parts: TraceParts): Promise<NamedTrajectory | undefined> {
  const last = await parts.client.sendRequest<TrajectoriesResult>(METHODS.trajectories);
  const items: Item[] = [
    { label: '$(folder-opened) Open a saved trace…', choose: () => openTrace(parts) },
    ...last.map((trajectory) => {
      const name = nameOf(trajectory);
      return { label: name, description: trajectory.model, choose: () => ({ name, trajectory }) };
    }),
  ];
  const picked = await window.showQuickPick(items, { title: 'Compare With' });
  return picked?.choose();
}
