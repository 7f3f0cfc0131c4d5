import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../files.ts';
import type { RunningDevice } from '../protocol.ts';
import type { EngineCommand } from './engine-process.ts';
import { describeMachine } from './machine.ts';
import type { ProbeResult } from './probe.ts';
import { probeInProcess } from './probe-process.ts';
import { plainly, type Ways } from './running.ts';

/** Whether a device is used by `auto`, and why: half a sentence. */
export interface DeviceReport {
  name: RunningDevice;
  used: boolean;
  /** How many times as fast as the processor it was, the processor itself 1; left out where it does not work. */
  gain?: number;
  /** Whether it multiplies in half precision what is not multiplied as it is stored. */
  halfPrecision?: boolean;
  /** Whether it takes several denoising steps in one call; left out where that was not tried. */
  loop?: boolean;
  reason: string;
}

/** Devices beside the processor, the likely fastest first, and the systems that they are for. */
const OTHERS: readonly (readonly [RunningDevice, readonly NodeJS.Platform[]])[] = [
  ['cuda', ['linux']],
  ['webgpu', ['linux', 'win32', 'darwin']],
  ['dml', ['win32']],
  ['coreml', ['darwin']],
];

/** Devices that are brought the past with every call and can run a loop over it. */
const LOOPS: readonly RunningDevice[] = ['cuda'];

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

/** The ways that the last probe found a device right and not slower in; none before there was one. */
export async function waysOf(storageDir: string, device: string): Promise<Ways> {
  const reports = await rememberedReports(storageDir);
  const { halfPrecision = false, loop = false } = reports?.find(({ name }) => name === device) ?? {};
  return { halfPrecision, loop };
}

/** The device that gained most of those that gained less than one that has failed; the processor if there is none. */
export async function nextDevice(storageDir: string, failed: RunningDevice): Promise<RunningDevice> {
  const reports = (await rememberedReports(storageDir)) ?? [];
  const gained = ({ gain = 0 }: DeviceReport) => gain;
  const most = Math.max(...reports.filter(({ name }) => name === failed).map(gained));
  const [next] = reports
    .filter((report) => gained(report) > 1 && gained(report) < most)
    .sort((a, b) => gained(b) - gained(a));
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
  const results: Probed[] = [];
  for (const [name, platforms] of OTHERS) {
    const here = platforms.includes(process.platform);
    const on = plainly(name);
    const single: ProbeResult = here
      ? await probeInProcess(command, on, signal)
      : { problem: 'not for this system' };
    const works = single.problem === undefined;
    const half = works ? await probeInProcess(command, { ...on, halfPrecision: true }, signal) : single;
    const halfPrecision = gainOf(half) > gainOf(single);
    results.push([
      name,
      single,
      half,
      works && LOOPS.includes(name)
        ? await probeInProcess(command, { ...on, halfPrecision, loop: true }, signal)
        : undefined,
    ]);
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

/** A device and what it did in single and in half precision, and with a loop in the faster of them. */
type Probed = readonly [RunningDevice, single: ProbeResult, half: ProbeResult, loop?: ProbeResult];

/** The device with the largest gain over the processor is used, or the processor if none has any. */
export function chooseDevice(results: readonly Probed[]): DeviceReport[] {
  const gains = results.map(([, single, half]) => Math.max(gainOf(single), gainOf(half)));
  const most = Math.max(1, ...gains);
  const best = most > 1 ? gains.indexOf(most) : -1;
  const others = results.map(([name, single, half, loop], i) =>
    single.problem === undefined
      ? {
          name,
          used: i === best,
          gain: gains[i],
          halfPrecision: gainOf(half) > gainOf(single),
          ...(loop && { loop: loop.problem === undefined }),
          reason: `works: ${compareTimes(single, half)}${describeLoop(loop)}`,
        }
      : { name, used: false, reason: single.problem },
  );
  const reason = best < 0 ? 'no other device works and is faster' : `${results[best][0]} is faster`;
  return [...others, { name: 'cpu', used: best < 0, gain: 1, reason }];
}

/** How many times as fast as the processor; 0 where it does not work. */
function gainOf(result: ProbeResult): number {
  return result.problem === undefined ? result.cpuMilliseconds / result.milliseconds : 0;
}

function compareTimes(single: Extract<ProbeResult, { problem?: undefined }>, half: ProbeResult): string {
  const [time, cpuTime] = [single.milliseconds, single.cpuMilliseconds].map((ms) => `${ms.toFixed(1)} ms`);
  const halfTime =
    half.problem === undefined
      ? `${half.milliseconds.toFixed(1)} ms in half precision`
      : `half precision: ${half.problem}`;
  return `large products take ${time} (${halfTime}), on the processor ${cpuTime}`;
}

function describeLoop(loop: ProbeResult | undefined): string {
  if (!loop) return '';
  return loop.problem === undefined ? '; several steps a call' : `; one step a call: ${loop.problem}`;
}
