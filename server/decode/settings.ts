import { UserError } from '../errors.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { DecodeMode, DecodeSettings } from '../protocol.ts';
import { POLICIES } from './policies/index.ts';

/** Thresholds at which each mode is fast without loss on the embedded model; `ar` has no use for one. */
const DEFAULT_THRESHOLD: Record<DecodeMode, number> = { ar: 1, threshold: 0.9, verified: 0.3 };

/**
 * A wider window proposes more, but every row costs: on two cores verified decoding with the embedded model made 95
 * (lines) and 93 (functions) tokens a second with a window of 4, and 83 and 89 with the 6 that the model can.
 */
const VERIFIED_WINDOW = 4;

/** The given settings completed by the defaults of this model; throws UserError for what the model cannot do. */
export function resolveSettings(spec: DenoiserSpec, given: Partial<DecodeSettings>): DecodeSettings {
  const mode = given.mode ?? defaultMode(spec);
  const settings: DecodeSettings = {
    mode,
    threshold: given.threshold ?? DEFAULT_THRESHOLD[mode] ?? 1,
    window:
      given.window ?? (mode === 'verified' ? Math.min(VERIFIED_WINDOW, spec.blockSize) : spec.blockSize),
    maxTokens: given.maxTokens ?? 64,
    temperature: given.temperature ?? 0,
    seed: given.seed ?? 0,
    topK: given.topK ?? 50,
    stopStrings: given.stopStrings ?? [],
    ...revealSettings(given),
  };
  checkMode(spec, mode);
  checkNumber('threshold', settings.threshold, { min: 0, max: 1 });
  checkNumber('maxTokens', settings.maxTokens, { min: 1, whole: true });
  checkNumber('temperature', settings.temperature, { min: 0 });
  checkNumber('seed', settings.seed, { min: Number.MIN_SAFE_INTEGER, whole: true });
  checkNumber('topK', settings.topK, { min: 1, whole: true });
  if (mode !== 'ar') checkWindow(spec, settings.window);
  if (settings.stopStrings.some((stop) => typeof stop !== 'string' || stop === '')) {
    throw new UserError('stopStrings must be non-empty strings.');
  }
  checkReveal(settings);
  return settings;
}

function defaultMode(spec: DenoiserSpec): DecodeMode {
  if (spec.cleanAttention === 'block') return 'threshold';
  return spec.maskTokenId === undefined ? 'ar' : 'verified';
}

function checkMode(spec: DenoiserSpec, mode: DecodeMode): void {
  if (spec.cleanAttention === 'full') {
    throw new UserError(
      `Models of the family ${spec.family} attend in both directions everywhere, which this version cannot decode.`,
    );
  }
  if (!Object.hasOwn(DEFAULT_THRESHOLD, mode)) {
    throw new UserError(`Decoding mode '${mode}' is unknown: use ar, threshold or verified.`);
  }
  if (mode !== 'ar' && spec.maskTokenId === undefined) {
    throw new UserError(`This model has no mask token, so it decodes with 'ar' only, not with '${mode}'.`);
  }
  if (mode !== 'threshold' && spec.cleanAttention === 'block') {
    throw new UserError(
      `This model attends by blocks, so it decodes with 'threshold' only, not with '${mode}'.`,
    );
  }
  const shift = spec.cleanAttention === 'causal' ? 1 : 0;
  if (spec.logitShift !== shift) {
    throw new UserError(
      `This version decodes ${spec.cleanAttention} attention with logit_shift ${shift} only, not ${spec.logitShift}.`,
    );
  }
}

/** The settings of the reveal policy that were given. */
function revealSettings({ policy, steps, entropyBound, factor }: Partial<DecodeSettings>) {
  const given = Object.entries({ policy, steps, entropyBound, factor }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(given) as Pick<DecodeSettings, 'policy' | 'steps' | 'entropyBound' | 'factor'>;
}

function checkReveal(settings: DecodeSettings): void {
  const { mode, policy, steps, entropyBound, factor } = settings;
  if (policy !== undefined && !Object.hasOwn(POLICIES, policy)) {
    throw new UserError(`The policy '${policy}' is unknown: use ${Object.keys(POLICIES).join(', ')}.`);
  }
  if (mode !== 'threshold' && (policy ?? steps) !== undefined) {
    throw new UserError(`policy and steps are settings of the mode 'threshold', not of '${mode}'.`);
  }
  if (steps !== undefined) checkNumber('steps', steps, { min: 1, whole: true });
  if (entropyBound !== undefined) checkNumber('entropyBound', entropyBound, { min: 0 });
  if (factor !== undefined) checkNumber('factor', factor, { min: 0 });
}

function checkWindow(spec: DenoiserSpec, window: number): void {
  if (spec.cleanAttention === 'block' && window !== spec.blockSize) {
    throw new UserError(`window must be ${spec.blockSize}, the block size of this model, not ${window}.`);
  }
  checkNumber('window', window, {
    min: spec.cleanAttention === 'block' ? 1 : 2,
    max: spec.blockSize,
    whole: true,
  });
}

interface Range {
  min: number;
  max?: number;
  whole?: boolean;
}

function checkNumber(
  name: string,
  value: number,
  { min, max = Number.MAX_SAFE_INTEGER, whole }: Range,
): void {
  const fits = Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (fits) return;
  const kind = whole ? 'a whole number' : 'a number';
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new UserError(`${name} must be ${kind} ${range}, not ${value}.`);
}
