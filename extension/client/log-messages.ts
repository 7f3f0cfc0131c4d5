import type { Disposable, LogOutputChannel } from 'vscode';
import type { LogMessageParams } from 'vscode-languageserver';
import type { Client } from './client.ts';

/** What the server logs, by the protocol's `MessageType`; 3 and 4 are information. */
const ERROR = 1;
const WARNING = 2;
const DEBUG = 5;

export function showLogMessages(client: Client, log: LogOutputChannel): Disposable {
  return client.onNotification('window/logMessage', ({ type, message }: LogMessageParams) => {
    if (type === ERROR) log.error(message);
    else if (type === WARNING) log.warn(message);
    else if (type === DEBUG) log.debug(message);
    else log.info(message);
  });
}
