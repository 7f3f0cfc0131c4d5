import type { FromTracePage, ToTracePage } from '../../server/protocol.ts';
import { connectHost } from '../host.ts';
import type { TracePageState } from './state.ts';
import { TracePage } from './trace-page.ts';

const host = connectHost<ToTracePage, FromTracePage, TracePageState>();
const page = new TracePage(host, document.body);
host.onMessage((message) => page.receive(message));
host.post({ type: 'ready', empty: !host.remembered?.traces.length });
