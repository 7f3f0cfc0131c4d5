import { type Disposable, type Event, EventEmitter } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { METHODS, type StatusParams } from '../server/protocol.ts';
import { State } from './client.ts';

/** What the extension knows of the server: its last `unmask/status`, or why there is none. */
export interface ServerView extends Disposable {
  readonly status: StatusParams;
  readonly running: boolean;
  readonly onDidChange: Event<void>;
}

/** Follows the client and the status notifications of its server. */
export function createServerView(client: LanguageClient): ServerView {
  const changed = new EventEmitter<void>();
  let status: StatusParams = { state: { kind: 'starting' }, host: '' };
  const update = (next: StatusParams) => {
    status = next;
    changed.fire();
  };
  const subscriptions = [
    changed,
    client.onNotification(METHODS.status, update),
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) update({ ...status, state: { kind: 'starting' } });
      if (newState === State.Stopped || newState === State.StartFailed) {
        update({ ...status, state: { kind: 'error', message: 'The language server is not running.' } });
      }
    }),
  ];
  return {
    get status() {
      return status;
    },
    get running() {
      return client.isRunning();
    },
    onDidChange: changed.event,
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
