import os from 'node:os';
import type { Connection } from 'vscode-languageserver/node';
import type { Completer } from '../completion/completer.ts';
import type { Engine, EngineState } from '../engine/engine.ts';
import { METHODS, type ServerState, type StatusParams } from '../protocol.ts';
import type { Pause } from './pause.ts';
import type { Trajectories } from './trajectories.ts';

interface Parts {
  engine: Engine;
  completer: Completer;
  pause: Pause;
  trajectories: Trajectories;
}

/** Tells the client of the state, whenever it has changed. */
export class StatusNotifier {
  private readonly connection: Connection;
  private readonly parts: Parts;
  private enabled = true;
  private last = '';

  constructor(connection: Connection, parts: Parts) {
    this.connection = connection;
    this.parts = parts;
    parts.engine.onDidChange(() => this.update());
    parts.pause.onDidChange(() => this.update());
  }

  /** Whether the settings of the window have completion on. */
  setEnabled(enabled: boolean): void {
    this.enabled = enabled;
    this.update();
  }

  update(): void {
    const status = this.status();
    const text = JSON.stringify(status);
    if (text === this.last) return;
    this.last = text;
    void this.connection.sendNotification(METHODS.status, status);
  }

  private status(): StatusParams {
    const { engine, completer, trajectories } = this.parts;
    const { requests, withoutForward } = completer.counts;
    const last = trajectories.last;
    return {
      state: this.state(),
      model: engine.model?.model.name,
      device: engine.model?.device,
      lastLatency: completer.latency.last.findLast(Number.isFinite),
      tokensPerSecond:
        last && last.ms.decode > 0 ? (1000 * last.responseIds.length) / last.ms.decode : undefined,
      cacheHitRate: requests > 0 ? withoutForward / requests : undefined,
      memory: engine.memory,
      host: os.hostname(),
    };
  }

  private state(): ServerState {
    if (this.parts.pause.reason !== undefined) return { kind: 'paused', reason: this.parts.pause.reason };
    if (!this.enabled) return { kind: 'paused', reason: 'Turned off in the settings' };
    return stateOfEngine(this.parts.engine.state);
  }
}

/** An engine that is off starts with the next request: there is nothing to wait for. */
function stateOfEngine(state: EngineState): ServerState {
  return state.kind === 'off' ? { kind: 'ready' } : state;
}
