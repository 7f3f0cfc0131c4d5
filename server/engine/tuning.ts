import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../files.ts';
import type { EngineCommand } from './engine-process.ts';
import { describeMachine } from './machine.ts';
import { runTask } from './task-process.ts';
import type { ThreadTimes } from './tune.ts';

const FILE = 'tuning.json';
/** More threads must save so much of a forward; the editor has uses for them. */
const WORTH = 0.95;

interface Remembered {
  machine: string;
  /** By the hash of the model's weights. */
  models: Record<string, ThreadTimes>;
}

/** What was measured of a model on this machine, undefined if nothing was. */
export async function rememberedTimes(storageDir: string, weights: string): Promise<ThreadTimes | undefined> {
  return (await read(storageDir)).models[weights];
}

/** The number of threads to use: the smallest that none is clearly faster than. */
export function bestThreads(times: ThreadTimes): number {
  return times.reduce((best, next) => (next[1] < WORTH * best[1] ? next : best))[0];
}

/** Measures a model in a process of its own and remembers the result. Rejects when aborted; undefined where it fails. */
export async function tuneModel(
  command: EngineCommand,
  storageDir: string,
  model: { dir: string; weights: string; device: string },
  signal?: AbortSignal,
): Promise<ThreadTimes | undefined> {
  const { output } = await runTask(command, ['--tune', model.device, model.dir], signal);
  if (output === '') return undefined;
  const times: ThreadTimes = JSON.parse(output);
  const { models } = await read(storageDir);
  const remembered: Remembered = {
    machine: describeMachine(),
    models: { ...models, [model.weights]: times },
  };
  await mkdir(storageDir, { recursive: true });
  await replaceFile(path.join(storageDir, FILE), JSON.stringify(remembered));
  return times;
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
