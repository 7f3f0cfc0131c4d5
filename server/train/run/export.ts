import { existsSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { NAMES } from '../../../kernels/names.ts';
import { UserError } from '../../errors.ts';
import { type ImportOptions, importModel } from '../../models/import.ts';
import type { ModelFolder } from '../../models/model-folder.ts';
import { PLANNER_FILE, readPlanner, writePlanner } from '../../models/planner-file.ts';
import { POLICY_FILE } from '../../models/policy-file.ts';
import { openModel } from '../../models/registry.ts';
import { rotatePlanner } from '../../models/rotate-planner.ts';
import { ADAPTER_FILE } from '../adapter-file.ts';
import { checkpointDir } from './checkpoint.ts';
import type { RunFolder } from './run-folder.ts';

/** The step whose checkpoint is meant: the given one, that of the best, or of the newest. Throws UserError where there is none. */
export async function checkpointStep(run: RunFolder, step?: number): Promise<number> {
  const name = path.basename(await checkpointDir(run.dir, step));
  return Number(name.replace('step-', ''));
}

/**
 * Makes a model folder `dest` of a run's checkpoint: its best one where it was evaluated, else its newest, or that of
 * `step`. An adapter is merged into the model that the run began with, which must be where it was, and a planner that was
 * trained with it lies beside the model; a policy or a planner alone is put beside a copy of it. Throws UserError where
 * there is no such checkpoint or `dest` is not empty.
 */
export async function exportCheckpoint(
  run: RunFolder,
  dest: string,
  step?: number,
  options: Pick<ImportOptions, 'progress' | 'signal'> = {},
): Promise<ModelFolder> {
  const { model } = await run.config();
  const base = await openModel(String(model));
  const dir = await checkpointDir(run.dir, step);
  const adapter = path.join(dir, ADAPTER_FILE);
  const alone = existsSync(adapter)
    ? undefined
    : [POLICY_FILE, PLANNER_FILE].find((file) => existsSync(path.join(dir, file)));
  if (alone !== undefined) return copyWith(alone, base, dir, dest);
  if (!existsSync(adapter)) {
    const isModel = existsSync(path.join(dir, 'config.json'));
    const what = isModel
      ? 'is a model by itself: use it as it is'
      : "is a sampler head: copy it over the model's";
    throw new UserError(`${dir} has no adapter, it ${what}.`);
  }
  // The import takes the sampler head from where the weights are; a trained one lies beside the adapter.
  const source = await mkdtemp(path.join(os.tmpdir(), 'unmask-export-'));
  try {
    const head = base.spec.samplerHead?.file;
    for (const name of await readdir(base.dir)) {
      const trained = name === head && existsSync(path.join(dir, name));
      if (trained) await copyFile(path.join(dir, name), path.join(source, name));
      else await symlink(path.join(base.dir, name), path.join(source, name));
    }
    const model = await importModel(source, dest, { ...options, quantize: base.quantization, adapter });
    if (existsSync(path.join(dir, PLANNER_FILE)))
      await exportPlanner(path.join(dir, PLANNER_FILE), base, model);
    return model;
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}

/** The model of a run that trained a policy or a planner over it, with its file. The folder gets its name when it is complete. */
async function copyWith(
  file: string,
  base: ModelFolder,
  checkpoint: string,
  dest: string,
): Promise<ModelFolder> {
  if (existsSync(dest) && (await readdir(dest)).length > 0) {
    throw new UserError(`${dest} is not empty: choose another folder.`);
  }
  const partial = `${path.resolve(dest)}.partial`;
  try {
    await cp(base.dir, partial, { recursive: true, dereference: true });
    await copyFile(path.join(checkpoint, file), path.join(partial, file));
    await rm(dest, { recursive: true, force: true });
    await rename(partial, dest);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return openModel(dest);
}

/** Puts a planner of the base beside the model that was made of it. */
async function exportPlanner(file: string, base: ModelFolder, model: ModelFolder): Promise<void> {
  const { header, values } = await readPlanner(file, base);
  // An import in int8 rotates what the planner looks at.
  const isRotated = model.quantization === 'int8';
  const moved = isRotated ? rotatePlanner(values, await base.readTensor(NAMES.norm)) : values;
  await writePlanner(path.join(model.dir, PLANNER_FILE), model, header, moved);
}
