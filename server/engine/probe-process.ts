import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { RunningDevice } from '../protocol.ts';
import { ENGINE_ENVIRONMENT, type EngineCommand } from './engine-process.ts';
import type { ProbeResult } from './probe.ts';

/** A probe compiles shaders, which takes a software renderer twenty seconds. */
const PROBE_MILLISECONDS = 90_000;

/** Probes a device in a process that is thrown away, since a driver may take its process down. Never rejects. */
export async function probeInProcess(command: EngineCommand, device: RunningDevice): Promise<ProbeResult> {
  const child = spawn(process.execPath, [...command.args, '--probe', device], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...ENGINE_ENVIRONMENT },
    timeout: PROBE_MILLISECONDS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`its probe could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(
        child.killed
          ? `its probe did not end within ${PROBE_MILLISECONDS / 1000} s`
          : `its probe ended with ${signal ?? `code ${code}`}`,
      ),
    );
  });
  const [output, end] = await Promise.all([text(child.stdout), ended]);
  try {
    const result: ProbeResult = JSON.parse(output);
    return result.problem === undefined ? result : { problem: explain(result.problem) };
  } catch {
    return { problem: end };
  }
}

/** What ONNX Runtime says of a device that is not there, in words. */
const EXPLANATIONS: readonly [RegExp, string][] = [
  [/backend not found/, 'not in the ONNX Runtime of this platform'],
  [/Failed to load shared library/, 'its libraries are not installed'],
  [/Failed to get a WebGPU adapter/, 'no graphics adapter was found'],
];

export function explain(message: string): string {
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? message.split('\n')[0].slice(0, 200);
}
