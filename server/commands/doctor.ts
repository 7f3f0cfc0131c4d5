import os from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import { readCounters } from '../completion/counters.ts';
import { engineCommand } from '../engine/command.ts';
import { bestDevice, probeDevices } from '../engine/devices.ts';
import { loadModel } from '../engine/load.ts';
import { describeMeasurements } from '../engine/measurements.ts';
import { rememberedMeasurements, tuneModel } from '../engine/tuning.ts';
import { WarmModel } from '../engine/warm-model.ts';
import { UserError } from '../errors.ts';
import { defaultModelDir } from '../models/installed.ts';
import { openModel } from '../models/registry.ts';
import { describeSandbox, type SandboxReport } from '../sandbox/report.ts';
import { defaultStorageDir } from '../storage.ts';
import type { Command, Values } from './command.ts';
import { text } from './decode-options.ts';

/** What is wrong, as a sentence, in place of what was asked for. */
interface Problem {
  error: string;
}

export const doctor: Command = {
  name: 'doctor',
  usage: '[--model DIR] [--storage DIR] [--sandbox]',
  summary: 'versions, devices with the reason each is or is not used, model, sandbox level, local counters',
  options: {
    model: { type: 'string', help: 'model folder (default: the one that comes with unmask)' },
    storage: {
      type: 'string',
      help: 'folder of counters and measurements (default: that of the language server)',
    },
    sandbox: { type: 'boolean', help: 'look at the sandbox only' },
  },
  async run(_args, values, io) {
    const sandbox = await orProblem(describeSandbox);
    const report = values.sandbox ? { sandbox } : await fullReport(values, sandbox);
    io.result(
      Object.entries(report)
        .map(([name, value]) => lines(name, value))
        .join('\n'),
      report,
    );
  },
};

async function fullReport(values: Values, sandbox: SandboxReport | Problem) {
  const modelDir = text(values, 'model') ?? defaultModelDir();
  const storage = text(values, 'storage') ?? defaultStorageDir();
  return {
    unmask: manifest.version,
    node: process.version,
    onnxruntime: manifest.dependencies['onnxruntime-node'],
    platform: `${process.platform}-${process.arch}`,
    cores: os.availableParallelism(),
    devices: await probeDevices(engineCommand(), storage),
    model: await orProblem(() => describeModel(modelDir)),
    engine: await orProblem(() => tryEngine(modelDir, storage)),
    measured: await orProblem(() => measure(modelDir, storage)),
    sandbox,
    acceptance: { folder: storage, ...(await readCounters(storage)) },
  };
}

async function describeModel(modelDir: string) {
  const { name, dir, spec, parameters, bytes, quantization, weightsHash } = await openModel(modelDir);
  return { name, dir, family: spec.family, parameters, bytes, quantization, weights: weightsHash };
}

/** Loads the model in this process, as an engine would, and lets it go again. */
async function tryEngine(modelDir: string, storageDir: string) {
  const model = await WarmModel.open(loadModel, { modelDir, device: 'auto', threads: 0, storageDir });
  const { device, threads, loadMilliseconds } = model.ready;
  const residentBytes = process.memoryUsage.rss();
  await model.release();
  return { device, threads, loadMilliseconds, residentBytes };
}

/** Measures where nothing is remembered yet. */
async function measure(modelDir: string, storageDir: string) {
  const { dir, weightsHash } = await openModel(modelDir);
  const model = { dir, weights: weightsHash, device: await bestDevice(storageDir) };
  const measured =
    (await rememberedMeasurements(storageDir, model)) ??
    (await tuneModel(engineCommand(), storageDir, model));
  if (!measured) throw new UserError('The model could not be measured on this machine.');
  return describeMeasurements(measured);
}

async function orProblem<T>(find: () => Promise<T>): Promise<T | Problem> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

/** A value on the line of its name; the entries of an object or array on lines below it. */
function lines(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return `${name}: ${value}`;
  const entries = Array.isArray(value)
    ? value.map(({ name: of, used, reason }) => `${of}: ${used ? 'used' : 'not used'}, ${reason}`)
    : Object.entries(value).map(
        ([key, part]) => `${key}: ${typeof part === 'number' ? Math.round(part) : part}`,
      );
  return [`${name}:`, ...entries.map((entry) => `  ${entry}`)].join('\n');
}
