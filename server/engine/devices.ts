import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../files.ts';
import type { RunningDevice } from '../protocol.ts';
import type { EngineCommand } from './engine-process.ts';
import { describeMachine } from './machine.ts';
import type { ProbeResult } from './probe.ts';
import { probeInProcess } from './probe-process.ts';

/** Whether a device is used by `auto`, and why: half a sentence. */
export interface DeviceReport {
  name: RunningDevice;
  used: boolean;
  /** How many times as fast as the processor it was, the processor itself 1; left out where it does not work. */
  gain?: number;
  reason: string;
}

/** Devices beside the processor, the likely fastest first, and the systems that they are for. */
const OTHERS: readonly (readonly [RunningDevice, readonly NodeJS.Platform[]])[] = [
  ['cuda', ['linux']],
  ['webgpu', ['linux', 'win32', 'darwin']],
  ['dml', ['win32']],
  ['coreml', ['darwin']],
];

const FILE = 'devices.json';

interface Remembered {
  /** What the answers depend on. */
  machine: string;
  reports: DeviceReport[];
}

/** The device that `auto` stands for: what the last probe of this machine found, and the processor before there was one. */
export async function bestDevice(storageDir: string): Promise<RunningDevice> {
  const reports = await rememberedReports(storageDir);
  return reports?.find(({ used }) => used)?.name ?? 'cpu';
}

/** The device that gained most of those that gained less than one that has failed; the processor if there is none. */
export async function nextDevice(storageDir: string, failed: RunningDevice): Promise<RunningDevice> {
  const reports = (await rememberedReports(storageDir)) ?? [];
  const gainOf = ({ gain = 0 }: DeviceReport) => gain;
  const most = Math.max(...reports.filter(({ name }) => name === failed).map(gainOf));
  const [next] = reports
    .filter((report) => gainOf(report) > 1 && gainOf(report) < most)
    .sort((a, b) => gainOf(b) - gainOf(a));
  return next?.name ?? 'cpu';
}

/** What the last probe found; undefined if there was none, or if driver, system or program have changed since. */
export async function rememberedReports(storageDir: string): Promise<DeviceReport[] | undefined> {
  try {
    const stored: Remembered = JSON.parse(await readFile(path.join(storageDir, FILE), 'utf8'));
    return stored.machine === describeMachine() ? stored.reports : undefined;
  } catch {
    return undefined;
  }
}

/** Probes every device, each in a process that is thrown away, and remembers what it found. Rejects only when aborted. */
export async function probeDevices(
  command: EngineCommand,
  storageDir: string,
  signal?: AbortSignal,
): Promise<DeviceReport[]> {
  const results: [RunningDevice, ProbeResult][] = [];
  for (const [name, platforms] of OTHERS) {
    const here = platforms.includes(process.platform);
    const result = here ? await probeInProcess(command, name, signal) : { problem: 'not for this system' };
    results.push([name, result]);
  }
  const reports = chooseDevice(results);
  await mkdir(storageDir, { recursive: true })
    .then(() =>
      replaceFile(path.join(storageDir, FILE), JSON.stringify({ machine: describeMachine(), reports })),
    )
    // What cannot be remembered is found again.
    .catch(() => {});
  return reports;
}

/** The device with the largest gain over the processor is used, or the processor if none has any. */
export function chooseDevice(results: readonly (readonly [RunningDevice, ProbeResult])[]): DeviceReport[] {
  const gains = results.map(([, result]) =>
    result.problem === undefined ? result.cpuMilliseconds / result.milliseconds : 0,
  );
  const most = Math.max(1, ...gains);
  const best = most > 1 ? gains.indexOf(most) : -1;
  const others = results.map(([name, result], i) =>
    result.problem === undefined
      ? { name, used: i === best, gain: gains[i], reason: `works: ${compareTimes(result)}` }
      : { name, used: false, reason: result.problem },
  );
  const reason = best < 0 ? 'no other device works and is faster' : `${results[best][0]} is faster`;
  return [...others, { name: 'cpu', used: best < 0, gain: 1, reason }];
}

function compareTimes(result: Extract<ProbeResult, { problem?: undefined }>): string {
  return `large products take ${result.milliseconds.toFixed(1)} ms, on the processor ${result.cpuMilliseconds.toFixed(1)} ms`;
}
