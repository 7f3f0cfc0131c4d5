import { lockFolder } from '../../folder-lock.ts';
import { removeLeftovers } from './leftovers.ts';
import type { RunFolder, RunState } from './run-folder.ts';

/**
 * Runs a training in its folder, alone: state.json says that it is running, then what `train` returns, or that it failed
 * and why. `train` gets the state at its start. Throws UserError for a folder in use, and whatever `train` throws.
 */
export async function trainInFolder(
  run: RunFolder,
  steps: number,
  train: (state: RunState) => Promise<RunState>,
): Promise<RunState> {
  const unlock = lockFolder(
    run.dir,
    (owner) => `process ${owner} is training in ${run.dir}: stop it first, or use another folder.`,
  );
  let state: RunState = { status: 'running', pid: process.pid, step: 0, steps };
  try {
    await removeLeftovers(run.dir);
    await run.clearStopRequest();
    await run.setState(state);
    state = await train(state);
    await run.setState(state);
    run.log(`${state.status} after step ${state.step}`);
    return state;
  } catch (error) {
    const reason = (error as Error).message;
    // On a full disk even this may fail; the first error is the one to tell.
    const tell = async () => run.setState({ ...((await run.state()) ?? state), status: 'failed', reason });
    await tell().catch(() => {});
    throw error;
  } finally {
    unlock();
  }
}
