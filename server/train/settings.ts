import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import type { DataRules } from './data/sift.ts';
import { OBJECTIVES, type ObjectiveName } from './objectives/index.ts';
import type { Schedule } from './schedule.ts';

/** Everything that a run of supervised fine-tuning depends on; the run folder keeps it in config.json. */
export interface SftSettings extends DataRules {
  /** Model folder. */
  model: string;
  /** Files of JSON lines and folders of source files. */
  data: readonly string[];
  objective: ObjectiveName;
  /** `lora`: adapters of the target modules. `full`: all weights. `none`: the network is frozen. */
  parameters: 'lora' | 'full' | 'none';
  rank: number;
  alpha: number;
  /** Last part of the names of the modules that get an adapter. */
  targets: readonly string[];
  /** Adapters change noisy rows only. */
  gated: boolean;
  /** With adapters: also train the embeddings of the mask token and of those of infilling. */
  specialTokens: boolean;
  steps: number;
  samplesPerStep: number;
  /** Most rows of one forward; memory grows with them. */
  rowsPerForward: number;
  sampleTokens: number;
  fimShare: number;
  windows: number;
  window: number;
  fullyMasked: number;
  noisyWeight: number;
  autoregressiveWeight: number;
  /** The sampler head is trained where it is above 0. */
  chainedWeight: number;
  promptWeight: number;
  /** Samples that a sampler head trained alone goes through again and again, see `HeadTrainer`; 0: always new ones. */
  cachedSamples: number;
  depthDecay: number;
  /** Makes the graph larger where it is above 0. */
  softLabels: number;
  /** Of the teacher's probabilities. */
  softTemperature: number;
  /** Makes the graph larger where it is above 0. */
  certainty: number;
  certaintyTemperature: number;
  learningRate: number;
  schedule: Schedule;
  warmupSteps: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest norm of a step's gradient. */
  clip: number;
  seed: number;
  /** Steps between checkpoints. */
  checkpointEvery: number;
  /** 0: as many as the machine's cores suggest. */
  threads: number;
  /** Compute layers again in the backward pass: less memory, more time. */
  recompute: boolean;
  /** Multiply by frozen layers as the engine does, see `TrainingSession`. */
  engineProducts: boolean;
}

/** A setting: its default and what a value must be. */
export interface Setting<T> {
  value: T | undefined;
  /** Completes the sentence `KEY must be …`. */
  must: string;
  accepts(value: unknown): boolean;
}

const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** The last part of the names of the modules that get an adapter. */
export const TARGETS: Setting<readonly string[]> = {
  value: PROJECTIONS,
  must: `a list of ${PROJECTIONS.join(', ')}`,
  accepts: (value) => isTexts(value) && value.every((name) => PROJECTIONS.includes(name)),
};

const SETTINGS: { readonly [K in keyof SftSettings]: Setting<SftSettings[K]> } = {
  model: { value: undefined, must: 'the folder of a model', accepts: isText },
  data: { value: undefined, must: 'a list of files and folders', accepts: isTexts },
  licences: { value: [], must: 'a list of SPDX licence ids', accepts: isTextList },
  duplicateSimilarity: {
    value: 0,
    must: '0, or a number from 0.5 to 1',
    accepts: (value) => value === 0 || (typeof value === 'number' && value >= 0.5 && value <= 1),
  },
  testSets: { value: [], must: 'a list of files that unmask data hash has made', accepts: isTextList },
  objective: choice('window-diffusion', Object.keys(OBJECTIVES) as ObjectiveName[]),
  parameters: choice('lora', ['lora', 'full', 'none']),
  rank: whole(16, 1),
  alpha: number(32, 1e-6, 1e6),
  targets: TARGETS,
  gated: flag(false),
  specialTokens: flag(false),
  steps: whole(100, 1),
  samplesPerStep: whole(8, 1),
  rowsPerForward: whole(512, 1),
  sampleTokens: whole(256, 16),
  fimShare: number(0.5, 0, 1),
  windows: whole(32, 1),
  window: whole(0, 0),
  fullyMasked: number(0.5, 0, 1),
  noisyWeight: number(1, 0, 100),
  autoregressiveWeight: number(0.5, 0, 100),
  chainedWeight: number(0, 0, 100),
  promptWeight: number(0, 0, 1),
  cachedSamples: whole(0, 0),
  depthDecay: number(1, 0, 1),
  softLabels: number(0, 0, 1),
  softTemperature: number(1, 0.01, 100),
  certainty: number(0, 0, 100),
  certaintyTemperature: number(0.5, 0.01, 100),
  learningRate: number(2e-4, 0, 0.1),
  schedule: choice('cosine', ['constant', 'linear', 'cosine']),
  warmupSteps: whole(10, 0),
  beta1: number(0.9, 0, 0.9999),
  beta2: number(0.98, 0, 0.999999),
  epsilon: number(1e-8, 0, 1),
  weightDecay: number(0, 0, 1),
  clip: number(1, 1e-9, 1e9),
  seed: whole(0, 0),
  checkpointEvery: whole(50, 1),
  threads: whole(0, 0),
  recompute: flag(false),
  engineProducts: flag(false),
};

/** Fills in the defaults of supervised fine-tuning, see `resolveBy`. */
export function resolveSettings(given: Readonly<Record<string, unknown>>, source: string): SftSettings {
  return resolveBy(SETTINGS, given, source);
}

/** Fills in the defaults. Throws UserError, naming `source` and the key, for unknown keys and values that cannot be. */
export function resolveBy<T extends object>(
  table: { readonly [K in keyof T]: Setting<T[K]> },
  given: Readonly<Record<string, unknown>>,
  source: string,
): T {
  for (const key of Object.keys(given)) {
    if (!(key in table)) {
      throw new UserError(`${source}: ${key} is not a setting; there are ${Object.keys(table).join(', ')}.`);
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const [key, { value, must, accepts }] of Object.entries<Setting<unknown>>(table)) {
    const chosen = given[key] ?? value;
    if (!accepts(chosen)) {
      const is = chosen === undefined ? 'is missing' : `is ${JSON.stringify(chosen)}`;
      throw new UserError(`${source}: ${key} ${is} and must be ${must}.`);
    }
    resolved[key] = chosen;
  }
  return resolved as T;
}

/** Reads a JSON object of settings. */
export async function readSettingsFile(file: string): Promise<Record<string, unknown>> {
  try {
    const values = JSON.parse(await readFile(file, 'utf8'));
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new Error('it is not an object');
    }
    return values;
  } catch (error) {
    throw new UserError(`${file} cannot be used as settings: ${(error as Error).message}.`);
  }
}

/** `key=value` from a command line; a value that is not JSON is text. */
export function parseAssignment(text: string): [key: string, value: unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`--set ${text}: key=value is needed.`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  try {
    return [key, JSON.parse(value)];
  } catch {
    return [key, value];
  }
}

export function whole(value: number, least: number): Setting<number> {
  return {
    value,
    must: `a whole number of at least ${least}`,
    accepts: (given) => Number.isSafeInteger(given) && (given as number) >= least,
  };
}

export function number(value: number, least: number, most: number): Setting<number> {
  return {
    value,
    must: `a number from ${least} to ${most}`,
    accepts: (given) => typeof given === 'number' && given >= least && given <= most,
  };
}

export function flag(value: boolean): Setting<boolean> {
  return { value, must: 'true or false', accepts: (given) => typeof given === 'boolean' };
}

export function choice<T extends string>(value: T, choices: readonly T[]): Setting<T> {
  return { value, must: choices.join(' or '), accepts: (given) => choices.includes(given as T) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): value is string[] {
  return isTextList(value) && value.length > 0;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}
