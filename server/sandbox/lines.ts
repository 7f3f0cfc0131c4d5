import fs from 'node:fs';
import type { RunReply, WorkerReady, WorkerRequest } from './protocol.ts';

/** Announces the worker, then answers request lines one after another until stdin ends. */
export function serveLines(ready: WorkerReady, handle: (request: WorkerRequest) => Promise<RunReply>): void {
  let buffered = '';
  let turn: Promise<void> = Promise.resolve();
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\n'); end >= 0; end = buffered.indexOf('\n')) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 1);
      turn = turn.then(async () => send(await handle(JSON.parse(line))));
    }
  });
  process.stdin.on('end', () => process.exit(0));
  send(ready);
}

/** Writes the whole line; a full pipe is waited for, since the reader is another process. */
function send(message: RunReply | WorkerReady): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += fs.writeSync(1, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
