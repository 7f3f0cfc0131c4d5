import type { Connection } from 'vscode-languageserver/node';
import type { Engine } from '../engine/engine.ts';
import { METHODS, type ReadSavedParams, type TrajectoryOrProblem, type TryParams } from '../protocol.ts';
import { parseTrajectory } from '../trajectory-file.ts';
import { orProblem } from './or-problem.ts';
import type { Trajectories } from './trajectories.ts';

interface Parts {
  engine: Engine;
  trajectories: Trajectories;
}

/** The requests of a client that shows trajectories: reading a saved one, and decoding a prompt in another way. */
export function registerTraceRequests(connection: Connection, { engine, trajectories }: Parts): void {
  connection.onRequest<TrajectoryOrProblem, void>(METHODS.readTrajectory, ({ name, text }: ReadSavedParams) =>
    orProblem(() => ({ trajectory: parseTrajectory(text, name) })),
  );

  // Requests of the editor count up from 1; these count down.
  let request = 0;
  connection.onRequest<TrajectoryOrProblem, void>(METHODS.try, async ({ prompt, settings }: TryParams) => {
    request--;
    const number = request;
    trajectories.onBegin({ request: number, prompt });
    const trajectory = await engine.complete(
      { prompt, settings, candidates: trajectories.candidates() },
      { onStep: (step) => trajectories.onStep({ request: number, step }) },
    );
    trajectories.onEnd({ request: number, trajectory: trajectory ?? undefined });
    return trajectory ? { trajectory } : { problem: reason(engine) };
  });
}

function reason({ state }: Engine): string {
  return state.kind === 'error' ? state.message : 'Another completion took its place: run it again.';
}
