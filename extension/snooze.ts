import { type Disposable, window } from 'vscode';
import { METHODS, type PauseParams } from '../server/protocol.ts';
import type { Client } from './client/client.ts';

const MINUTES = 5;

export interface Snooze extends Disposable {
  readonly active: boolean;
  /** Starts five quiet minutes, or ends them. */
  toggle(): Promise<void>;
}

/** Pauses the server for a while; a server that was restarted meanwhile is paused again. */
export function createSnooze(client: Client): Snooze {
  let timer: NodeJS.Timeout | undefined;
  let pause: PauseParams | undefined;
  const end = async () => {
    clearTimeout(timer);
    pause = undefined;
    if (client.running) await client.sendRequest(METHODS.resume);
  };
  const restarted = client.onDidChangeState((state) => {
    if (state === 'running' && pause) void client.sendRequest(METHODS.pause, pause);
  });
  return {
    get active() {
      return pause !== undefined;
    },
    async toggle() {
      if (pause) return end();
      const until = new Date(Date.now() + MINUTES * 60_000);
      const clock = until.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
      pause = { reason: `Snoozed until ${clock}.`, unload: false };
      timer = setTimeout(() => void end(), MINUTES * 60_000);
      window.setStatusBarMessage(`Unmask is quiet until ${clock}`, 3000);
      if (client.running) await client.sendRequest(METHODS.pause, pause);
    },
    dispose() {
      clearTimeout(timer);
      restarted.dispose();
    },
  };
}
