import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../files.ts';
import { waysOf } from './devices.ts';
import type { EngineCommand } from './engine-process.ts';
import { describeMachine } from './machine.ts';
import type { Measurements } from './measurements.ts';
import { toWords } from './running.ts';
import { runTask } from './task-process.ts';

const FILE = 'measurements.json';

interface Remembered {
  machine: string;
  /** By the hash of a model's weights and the device. */
  models: Record<string, Measurements>;
}

/** A model, known by the hash of its weights, on a device of this machine. */
export interface Measured {
  weights: string;
  device: string;
}

/** What was measured of a model on this machine, undefined if nothing was. */
export async function rememberedMeasurements(
  storageDir: string,
  model: Measured,
): Promise<Measurements | undefined> {
  return (await read(storageDir)).models[key(model)];
}

/** Measures a model in a process of its own and remembers the result. Rejects when aborted; undefined where it fails. */
export async function tuneModel(
  command: EngineCommand,
  storageDir: string,
  model: Measured & { dir: string },
  signal?: AbortSignal,
): Promise<Measurements | undefined> {
  const words = toWords(await waysOf(storageDir, model.device));
  const { output } = await runTask(command, ['--tune', model.device, model.dir, ...words], signal);
  if (output === '') return undefined;
  const measurements: Measurements = JSON.parse(output);
  const { models } = await read(storageDir);
  const remembered: Remembered = {
    machine: describeMachine(),
    models: { ...models, [key(model)]: measurements },
  };
  await mkdir(storageDir, { recursive: true });
  await replaceFile(path.join(storageDir, FILE), JSON.stringify(remembered));
  return measurements;
}

function key({ weights, device }: Measured): string {
  return `${weights} ${device}`;
}

async function read(storageDir: string): Promise<Remembered> {
  const nothing = { machine: '', models: {} };
  try {
    const stored: Remembered = JSON.parse(await readFile(path.join(storageDir, FILE), 'utf8'));
    return stored.machine === describeMachine() ? stored : nothing;
  } catch {
    return nothing;
  }
}
