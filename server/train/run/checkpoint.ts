import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import { fileProblem, replaceFile } from '../../files.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import { readSafetensorsHeader, readTensor } from '../../models/safetensors.ts';
import { writeSafetensors } from '../../models/safetensors-writer.ts';
import { bytesOf } from '../../models/tensor-data.ts';
import { hashTokenizer } from '../../models/tokenizer.ts';

const FOLDER = 'checkpoints';
const LATEST = 'latest';
const BEST = 'best';
const MANIFEST = 'manifest.json';
const STATE = 'trainer.safetensors';
/** Older checkpoints are removed, except for the best. */
const KEPT = 3;

/** What a run is built on, and must find again when it goes on. */
export interface CheckpointBase {
  /** The weights that the run started from. */
  baseWeights: string;
  /** `hashTokenizer` of the model; checkpoints written before this was noted have none. */
  tokenizer?: string;
}

export interface CheckpointManifest extends CheckpointBase {
  step: number;
  /** Steps the optimizer has taken; fewer than `step` where some were skipped. */
  optimizerSteps: number;
  /** Reinforcement learning: prompts that have been drawn. */
  prompts?: number;
}

/** Everything a run needs to go on: named arrays, bit by bit. */
export type TrainerArrays = ReadonlyMap<string, Float32Array>;

/** What a run on this model is built on. Throws UserError for a model without tokenizer. */
export async function checkpointBase(folder: ModelFolder): Promise<CheckpointBase> {
  return { baseWeights: folder.weightsHash, tokenizer: await hashTokenizer(folder) };
}

/**
 * Writes checkpoints/step-N: what `writeModel` puts there, the trainer's arrays, and the manifest last. The folder gets
 * its name when it is complete, so a checkpoint is whole or not there. Throws UserError where the disk is full.
 */
export async function saveCheckpoint(
  run: string,
  manifest: CheckpointManifest,
  arrays: TrainerArrays,
  writeModel: (dir: string) => Promise<void>,
): Promise<void> {
  const name = `step-${manifest.step}`;
  const dir = path.join(run, FOLDER, name);
  const partial = `${dir}.partial`;
  try {
    await mkdir(partial, { recursive: true });
    await writeModel(partial);
    await writeSafetensors(
      path.join(partial, STATE),
      [...arrays].map(([array, values]) => ({
        tensors: [{ name: array, dtype: 'F32', dims: [values.length] }],
        produce: async () => [bytesOf(values)],
      })),
    );
    await replaceFile(path.join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(dir, { recursive: true, force: true });
    await rename(partial, dir);
    await replaceFile(path.join(run, LATEST), `${name}\n`);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (error instanceof UserError) throw error;
    throw new UserError(`the checkpoint ${dir} cannot be written: ${fileProblem(error as Error)}.`);
  }
  await removeOld(run, manifest.step);
}

/**
 * The newest complete checkpoint; undefined where there is none. Throws UserError where it belongs to other weights or
 * another tokenizer than `base`, and where it cannot be read.
 */
export async function loadCheckpoint(
  run: string,
  base: CheckpointBase,
): Promise<{ manifest: CheckpointManifest; arrays: TrainerArrays } | undefined> {
  if (!hasCheckpoint(run)) return undefined;
  const dir = path.join(run, FOLDER, (await readText(path.join(run, LATEST), run)).trim());
  const manifest = parseManifest(path.join(dir, MANIFEST), await readText(path.join(dir, MANIFEST), run));
  for (const [what, then, now] of [
    ['weights', manifest.baseWeights, base.baseWeights],
    ['tokenizer', manifest.tokenizer, base.tokenizer],
  ]) {
    if (then === undefined || then === now) continue;
    throw new UserError(
      `${dir} belongs to ${what} ${then}, but the model now has ${now}: put the model back, or start a new run.`,
    );
  }
  const { tensors } = await readSafetensorsHeader(dir, STATE);
  const arrays = new Map<string, Float32Array>();
  for (const [name, location] of tensors) arrays.set(name, await readTensor(dir, location));
  return { manifest, arrays };
}

/** The folder of a step's checkpoint; without a step of the best one, else of the newest. Throws UserError. */
export async function checkpointDir(run: string, step?: number): Promise<string> {
  const pointer = existsSync(path.join(run, BEST)) ? BEST : LATEST;
  const name = step === undefined ? (await readText(path.join(run, pointer), run)).trim() : `step-${step}`;
  const dir = path.join(run, FOLDER, name);
  if (!existsSync(path.join(dir, MANIFEST))) throw new UserError(`${run} has no checkpoint ${name}.`);
  return dir;
}

/** Keeps the checkpoint of a step until there is a better one. */
export async function markBest(run: string, step: number): Promise<void> {
  await replaceFile(path.join(run, BEST), `step-${step}\n`);
}

/** Whether a run can be resumed. */
export function hasCheckpoint(run: string): boolean {
  return existsSync(path.join(run, LATEST));
}

function parseManifest(file: string, text: string): CheckpointManifest {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(
      `${file} cannot be read: ${(error as Error).message}: put it back, or start a new run.`,
    );
  }
}

async function readText(file: string, run: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new UserError(`${run} has no checkpoint to go on from: ${error.message}.`);
  });
}

async function removeOld(run: string, newest: number): Promise<void> {
  const best = existsSync(path.join(run, BEST)) ? (await readText(path.join(run, BEST), run)).trim() : '';
  const steps = (await readdir(path.join(run, FOLDER)))
    .map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? Number.NaN))
    .filter((step) => step < newest)
    .sort((a, b) => b - a);
  for (const step of steps.slice(KEPT - 1).filter((step) => `step-${step}` !== best)) {
    await rm(path.join(run, FOLDER, `step-${step}`), { recursive: true, force: true });
  }
}
