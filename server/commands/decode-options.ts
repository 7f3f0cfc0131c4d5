import { decodeChoice, POLICY_NAMES } from '../decode/settings.ts';
import { UNMASKINGS, type UnmaskingName } from '../decode/unmasking/index.ts';
import { defaultModelDir } from '../models/installed.ts';
import type { DecodeChoice, DecodeSettings, Device, EngineOptions } from '../protocol.ts';
import { type Options, UsageError, type Values } from './command.ts';

const CHOICES: readonly DecodeChoice[] = ['ar', 'threshold', 'verified', 'policy'];
const UNMASKING_NAMES = Object.keys(UNMASKINGS) as UnmaskingName[];
const DEVICES: readonly Device[] = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'];

/** Options of every command that decodes. */
export const DECODE_OPTIONS: Options = {
  model: { type: 'string', help: 'model folder (default: the one that comes with unmask)' },
  decode: { type: 'string', help: `${CHOICES.join(', ')} (default: the best the model can do)` },
  threshold: { type: 'string', help: 'confidence at which a token is revealed, 0 to 1' },
  policy: { type: 'string', help: `what a step reveals: ${POLICY_NAMES.join(', ')} (default: dynamic)` },
  'policy-file': {
    type: 'string',
    help: "file of the learned policy (default: policy.safetensors in the model's folder)",
  },
  unmasking: {
    type: 'string',
    help: `how a learned policy draws: ${UNMASKING_NAMES.join(', ')} (default: as its file says)`,
  },
  'policy-temperature': { type: 'string', help: 'below 1 a learned policy draws what is more probable' },
  steps: { type: 'string', help: 'denoising steps of a window: each reveals its share at least' },
  'entropy-bound': { type: 'string', help: 'nats that a step reveals with the policy entropy' },
  factor: { type: 'string', help: 'f of the policy factor' },
  window: { type: 'string', help: 'positions that are denoised together' },
  'window-chance': {
    type: 'string',
    help: 'verified: more windows, wherever decoding goes on with this chance, 0 to 1',
  },
  lookup: {
    type: 'string',
    help: 'verified: weight in proposals of what the text has behind the same tokens (default: 1.6)',
  },
  beams: {
    type: 'string',
    help: 'ar: the likeliest responses side by side; the one is taken that goes best with what follows',
  },
  cache: {
    type: 'string',
    help: 'prefix or dual: approximate cache of a model with full attention (default: none)',
  },
  refresh: { type: 'string', help: 'with --cache: every so many forwards compute everything anew' },
  'max-tokens': { type: 'string', help: 'most tokens of the response' },
  temperature: { type: 'string', help: '0 takes the best token, more samples' },
  seed: { type: 'string', help: 'of the samples; the same seed gives the same text' },
  threads: { type: 'string', help: 'of one forward (default: from the number of cores)' },
  device: { type: 'string', help: `${DEVICES.join(', ')} (default: auto)` },
  trace: { type: 'string', help: 'write the trajectory, every step of it, to this file' },
  show: { type: 'boolean', help: 'show on standard error how the tokens are unmasked' },
};

export interface DecodeOptions {
  engine: EngineOptions;
  /** Only what was given. */
  settings: Partial<DecodeSettings>;
  trace: string | undefined;
  show: boolean;
}

/** Throws UsageError for a value that cannot be read; whether the model can follow is not looked at. */
export function readDecodeOptions(values: Values): DecodeOptions {
  const settings: Partial<DecodeSettings> = {
    threshold: number(values, 'threshold'),
    policy: choice(values, 'policy', POLICY_NAMES),
    ...decodeChoice(choice(values, 'decode', CHOICES)),
    policyFile: text(values, 'policy-file'),
    unmasking: choice(values, 'unmasking', UNMASKING_NAMES),
    policyTemperature: number(values, 'policy-temperature'),
    steps: number(values, 'steps'),
    entropyBound: number(values, 'entropy-bound'),
    factor: number(values, 'factor'),
    window: number(values, 'window'),
    windowChance: number(values, 'window-chance'),
    lookup: number(values, 'lookup'),
    beams: number(values, 'beams'),
    cache: choice(values, 'cache', ['prefix', 'dual'] as const),
    refresh: number(values, 'refresh'),
    maxTokens: number(values, 'max-tokens'),
    temperature: number(values, 'temperature'),
    seed: number(values, 'seed'),
  };
  const threads = number(values, 'threads') ?? 0;
  if (!Number.isInteger(threads) || threads < 0) {
    throw new UsageError(`--threads must be a whole number, not ${threads}`);
  }
  return {
    engine: {
      modelDir: text(values, 'model') ?? defaultModelDir(),
      device: choice(values, 'device', DEVICES) ?? 'auto',
      threads,
    },
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    trace: text(values, 'trace'),
    show: values.show === true,
  };
}

/** The value of an option that takes text, or undefined. */
export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The value of an option that takes a number, or undefined. Throws UsageError. */
export function number(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value)) throw new UsageError(`--${name} must be a number, not '${given}'`);
  return value;
}

function choice<T extends string>(values: Values, name: string, choices: readonly T[]): T | undefined {
  const given = text(values, name);
  if (given === undefined || choices.includes(given as T)) return given as T | undefined;
  throw new UsageError(`--${name} must be one of ${choices.join(', ')}, not '${given}'`);
}
