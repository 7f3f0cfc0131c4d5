import { Uri, window, workspace } from 'vscode';
import {
  METHODS,
  type NamedTrajectory,
  type Trajectory,
  type TrajectoryOrProblem,
} from '../../server/protocol.ts';
import { readSaved } from '../saved-file.ts';
import type { TraceParts } from './parts.ts';

const FILTERS = { 'Unmask trace': ['trace.json'], JSON: ['json'] };

/** Reads a saved trace. Throws an error that is a sentence for the user. */
export async function readTrace({ client }: TraceParts, uri: Uri): Promise<NamedTrajectory> {
  const params = await readSaved(uri);
  const { trajectory, problem } = await client.sendRequest<TrajectoryOrProblem>(
    METHODS.readTrajectory,
    params,
  );
  if (!trajectory) throw new Error(problem);
  return { name: params.name, trajectory };
}

/** Lets the user choose a saved trace; undefined when none is chosen. */
export async function openTrace(parts: TraceParts): Promise<NamedTrajectory | undefined> {
  const [uri] = (await window.showOpenDialog({ title: 'Open Trace', filters: FILTERS })) ?? [];
  return uri && readTrace(parts, uri);
}

/** Writes a trace to a file that the user chooses. */
export async function saveTrace(trajectory: Trajectory): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const suggested = folder && Uri.joinPath(folder, 'completion.trace.json');
  const uri = await window.showSaveDialog({ title: 'Save Trace', filters: FILTERS, defaultUri: suggested });
  if (uri) await workspace.fs.writeFile(uri, new TextEncoder().encode(`${JSON.stringify(trajectory)}\n`));
}
