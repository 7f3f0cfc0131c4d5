import { type Disposable, type Event, EventEmitter } from 'vscode';
import { METHODS, type StatusParams } from '../server/protocol.ts';
import type { Client } from './client/client.ts';

/** What the extension knows of the server: its last `unmask/status`, or why there is none. */
export interface ServerView extends Disposable {
  readonly status: StatusParams;
  readonly running: boolean;
  readonly onDidChange: Event<void>;
}

/** Follows the client and the status notifications of its server. */
export function createServerView(client: Client): ServerView {
  const changed = new EventEmitter<void>();
  let status: StatusParams = { state: { kind: 'starting' }, host: '' };
  const update = (next: StatusParams) => {
    status = next;
    changed.fire();
  };
  const subscriptions = [
    changed,
    client.onNotification(METHODS.status, update),
    client.onDidChangeState((state) => {
      if (state === 'starting') update({ ...status, state: { kind: 'starting' } });
      if (state === 'stopped') {
        update({ ...status, state: { kind: 'error', message: 'The language server is not running.' } });
      }
    }),
  ];
  return {
    get status() {
      return status;
    },
    get running() {
      return client.running;
    },
    onDidChange: changed.event,
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
