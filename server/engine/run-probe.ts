import { Console } from 'node:console';
import type { RunningDevice } from '../protocol.ts';
import { probe } from './probe.ts';

/** Makes this process a probe of one device: its ProbeResult is the one line on standard output. */
export async function runProbe(device: RunningDevice): Promise<void> {
  globalThis.console = new Console(process.stderr, process.stderr);
  const result = await probe(device).catch((error: Error) => ({ problem: error.message }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
