import type { FromRunPage, ToRunPage } from '../../server/protocol.ts';
import { connectHost } from '../host.ts';
import { RunPage, type RunPageState } from './run-page.ts';

const host = connectHost<ToRunPage, FromRunPage, RunPageState>();
const page = new RunPage(host, document.body);
host.onMessage((message) => page.receive(message));
host.post({ type: 'ready' });
