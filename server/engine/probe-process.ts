import type { EngineCommand } from './engine-process.ts';
import type { ProbeResult } from './probe.ts';
import { type Running, toWords } from './running.ts';
import { runTask } from './task-process.ts';

/**
 * Probes a device that runs in one of its ways, in a process that is thrown away, since a driver may take its process
 * down. Rejects only when aborted.
 */
export async function probeInProcess(
  command: EngineCommand,
  on: Running,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const { output, end } = await runTask(command, ['--probe', on.device, ...toWords(on)], signal);
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
