import type { RunningDevice } from '../protocol.ts';
import type { EngineCommand } from './engine-process.ts';
import type { ProbeResult } from './probe.ts';
import { runTask } from './task-process.ts';

/** What follows a device on the command line of a task that is about half precision. */
export const HALF = 'half';

/**
 * Probes a device in single or in half precision, in a process that is thrown away, since a driver may take its process
 * down. Rejects only when aborted.
 */
export async function probeInProcess(
  command: EngineCommand,
  device: RunningDevice,
  halfPrecision = false,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const { output, end } = await runTask(
    command,
    ['--probe', device, ...(halfPrecision ? [HALF] : [])],
    signal,
  );
  try {
    const result: ProbeResult = JSON.parse(output);
    return result.problem === undefined ? result : { problem: explain(result.problem) };
  } catch {
    return { problem: `its probe ${end}` };
  }
}

/** What ONNX Runtime says of a device that is not there, in words. */
const EXPLANATIONS: readonly [RegExp, string][] = [
  [/backend not found/, 'not in the ONNX Runtime of this platform'],
  [/Failed to load shared library/, 'its libraries are not installed'],
  [/Failed to get a WebGPU adapter/, 'no graphics adapter was found'],
  [/requires f16 but the device does not support it/, 'the device has none'],
];

export function explain(message: string): string {
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? message.split('\n')[0].slice(0, 200);
}
