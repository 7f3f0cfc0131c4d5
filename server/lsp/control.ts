import type { Connection } from 'vscode-languageserver/node';
import type { AcceptanceTracker } from '../completion/acceptance.ts';
import type { Completer } from '../completion/completer.ts';
import type { Engine } from '../engine/engine.ts';
import { ACCEPTED_COMMAND, METHODS, type PauseParams } from '../protocol.ts';
import type { Pause } from './pause.ts';
import type { Trajectories } from './trajectories.ts';

interface Parts {
  engine: Engine;
  completer: Completer;
  pause: Pause;
  acceptance: AcceptanceTracker;
  trajectories: Trajectories;
}

/** The requests by which a client steers the server. All are answered with null. */
export function registerControl(connection: Connection, parts: Parts): void {
  const { engine, completer, pause, acceptance, trajectories } = parts;
  connection.onRequest(METHODS.pause, async ({ reason, unload }: PauseParams) => {
    pause.reason = reason;
    completer.cancel();
    if (unload) await engine.unload();
    return null;
  });
  connection.onRequest(METHODS.resume, () => {
    pause.reason = undefined;
    return null;
  });
  connection.onRequest(METHODS.restartEngine, async () => {
    completer.forget();
    await engine.restart();
    return null;
  });
  connection.onRequest(METHODS.clearData, async () => {
    completer.forget();
    trajectories.clear();
    await acceptance.clear();
    return null;
  });
  connection.onExecuteCommand(({ command, arguments: [id] = [] }) => {
    if (command === ACCEPTED_COMMAND && typeof id === 'string') acceptance.accepted(id);
    return null;
  });
}
