import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { NAMES } from '../../kernels/names.ts';
import {
  type AdapterPlan,
  type Parameter,
  SPECIAL_ROWS,
  type TrainingPlan,
} from '../../kernels/training/parameters.ts';
import { Random } from '../decode/random.ts';
import { UserError } from '../errors.ts';
import { SINGLE_FILE } from '../models/checkpoint.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { PLANNER_FILE, type PlannerHeader, writePlanner } from '../models/planner-file.ts';
import { CONFIG_FILE, readConfig, TOKENIZER_FILE } from '../models/registry.ts';
import { writeSafetensors, writeWhole } from '../models/safetensors-writer.ts';
import { bytesOf } from '../models/tensor-data.ts';
import { expectedWeights } from '../models/weight-names.ts';
import { writeAdapter } from './adapter-file.ts';
import { OBJECTIVES } from './objectives/index.ts';
import type { Objective } from './objectives/objective.ts';
import { isOfPlanner, newPlanner } from './planner-weights.ts';
import {
  isOfSamplerHead,
  readSamplerHeadTensor,
  samplerHeadPlan,
  writeSamplerHead,
} from './sampler-head-weights.ts';
import type { SftSettings } from './settings.ts';

/** What is trained of a model. Throws UserError where that is nothing, or what the model does not have. */
export function trainingPlan(folder: ModelFolder, settings: SftSettings): TrainingPlan {
  const names = [...expectedWeights(folder.spec).keys()];
  const samplerHead = settings.chainedWeight > 0 ? samplerHeadPlan(folder) : undefined;
  const { needs = [] }: Objective = OBJECTIVES[settings.objective];
  if (needs.includes('planner')) {
    if (settings.parameters === 'none') return { tensors: new Set(), planner: true };
    throw new UserError(
      `the objective ${settings.objective} trains a planner on a frozen network: set parameters to none.`,
    );
  }
  switch (settings.parameters) {
    case 'none':
      if (samplerHead) return { tensors: new Set(), samplerHead };
      throw new UserError('nothing is trained: with parameters none chainedWeight must be above 0.');
    case 'full':
      return { tensors: new Set(names), ...(samplerHead && { samplerHead }) };
    case 'lora':
      return {
        tensors: new Set(),
        adapters: adapterPlan(folder, settings),
        ...(settings.specialTokens && { specialTokens: specialTokens(folder) }),
        ...(samplerHead && { samplerHead }),
      };
  }
}

/** Adapters of the modules whose names end in one of the targets. */
export function adapterPlan(
  folder: ModelFolder,
  { rank, alpha, gated, targets }: Pick<SftSettings, 'rank' | 'alpha' | 'gated' | 'targets'>,
): AdapterPlan {
  const modules = [...expectedWeights(folder.spec).keys()]
    .filter((name) => targets.some((target) => name.endsWith(`.${target}.weight`)))
    .map((name) => name.slice(0, -'.weight'.length));
  return { rank, alpha, gated, modules: new Set(modules) };
}

/** Tokens that no text holds: the mask and the markers of infilling. */
function specialTokens({ spec }: ModelFolder): number[] {
  const { maskTokenId, fim } = spec;
  return [maskTokenId, fim?.suffixTokenId, fim?.prefixTokenId, fim?.middleTokenId].filter(
    (id) => id !== undefined,
  );
}

/**
 * Where training starts: the stored weights; the given planner, else a new one; for adapters B = 0 and A uniform within ±1/√in, as PEFT has it, so that
 * the adapted model is at first the stored one.
 */
export async function initialValues(
  folder: ModelFolder,
  parameters: readonly Parameter[],
  seed: number,
  planner?: ReadonlyMap<string, Float32Array>,
): Promise<Map<string, Float32Array>> {
  const random = new Random(seed);
  const values = new Map<string, Float32Array>();
  const ofPlanner = parameters.some(({ name }) => isOfPlanner(name))
    ? (planner ?? newPlanner(folder, random))
    : undefined;
  for (const { name, dims } of parameters) {
    if (isOfPlanner(name)) {
      values.set(name, ofPlanner!.get(name)!);
    } else if (name.endsWith('.lora_A.weight')) {
      const bound = 1 / Math.sqrt(dims[1]);
      const draw = () => (2 * random.uniform() - 1) * bound;
      values.set(name, Float32Array.from({ length: dims[0] * dims[1] }, draw));
    } else if (name.endsWith('.lora_B.weight')) {
      values.set(name, new Float32Array(dims[0] * dims[1]));
    } else if (name === SPECIAL_ROWS) {
      values.set(name, await storedRows(folder, specialTokens(folder)));
    } else {
      const read = isOfSamplerHead(name) ? readSamplerHeadTensor(folder, name) : folder.readTensor(name);
      values.set(name, await read);
    }
  }
  return values;
}

/** Rows of the input embedding, one below the other. */
async function storedRows(folder: ModelFolder, tokens: readonly number[]): Promise<Float32Array> {
  const table = await folder.readTensor(`${NAMES.embedding}.weight`);
  const size = folder.spec.hiddenSize;
  const rows = new Float32Array(tokens.length * size);
  for (const [i, token] of tokens.entries()) {
    rows.set(table.subarray(token * size, (token + 1) * size), i * size);
  }
  return rows;
}

/**
 * Writes an adapter in PEFT's layout or a whole model folder in single precision, and the sampler head and the planner if
 * trained.
 */
export async function writeTrained(
  dir: string,
  folder: ModelFolder,
  plan: TrainingPlan,
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, Float32Array>,
  planner?: Pick<PlannerHeader, 'window' | 'unmasking'>,
): Promise<void> {
  if (planner) await writePlanner(path.join(dir, PLANNER_FILE), folder, planner, values);
  if (plan.samplerHead) await writeSamplerHead(dir, folder, plan.samplerHead, values);
  if (plan.adapters) return writeAdapter(dir, plan.adapters, values, folder.name, plan.specialTokens);
  const stored = parameters.filter(({ name }) => !isOfSamplerHead(name) && !isOfPlanner(name));
  if (stored.length === 0) return;
  await writeSafetensors(
    path.join(dir, SINGLE_FILE),
    stored.map(({ name, dims }) => ({
      tensors: [{ name, dtype: 'F32' as const, dims }],
      produce: async () => [bytesOf(values.get(name)!)],
    })),
  );
  const { values: config } = await readConfig(folder.dir);
  const { quantization_config: _old, ...rest } = config;
  await writeWhole(path.join(dir, CONFIG_FILE), `${JSON.stringify(rest, null, 2)}\n`);
  if (folder.tokenizerPath) await copyFile(folder.tokenizerPath, path.join(dir, TOKENIZER_FILE));
  const { samplerHead } = folder.spec;
  if (samplerHead && !plan.samplerHead)
    await copyFile(path.join(folder.dir, samplerHead.file), path.join(dir, samplerHead.file));
}
