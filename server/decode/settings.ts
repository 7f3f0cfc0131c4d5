import { UserError } from '../errors.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { DecodeChoice, DecodeMode, DecodeSettings, RevealPolicy, RevealRule } from '../protocol.ts';
import { POLICIES } from './policies/index.ts';
import { UNMASKINGS } from './unmasking/index.ts';
import type { LearnedPolicy } from './unmasking/learned-policy.ts';

/** Thresholds at which each mode is fast without loss on the embedded model; `ar` has no use for one. */
const DEFAULT_THRESHOLD: Record<DecodeMode, number> = { ar: 1, threshold: 0.9, verified: 0.3 };

/**
 * A wider window proposes more, but every row costs, and prompt lookup goes on behind it without: on two cores verified
 * decoding with the embedded model made 105 (lines) and 121 (functions) tokens a second with a window of 3, and 98 and 118
 * with one of 4.
 */
const VERIFIED_WINDOW = 3;

/**
 * A further window saves a forward where decoding goes on from it, and its rows cost a fifth of one on two cores; lower is
 * fewer forwards, and faster where rows cost less.
 */
const WINDOW_CHANCE = 0.35;

/** Chosen on lines that no figure is of; half and one and a half of it do as well: docs/performance.md, "Prompt lookup". */
const LOOKUP = 1.6;

/** More would only find what is less likely. */
const MOST_BEAMS = 64;

/** Every policy: the rules, and one that comes in a file. */
export const POLICY_NAMES: readonly RevealPolicy[] = [...(Object.keys(POLICIES) as RevealRule[]), 'learned'];

/**
 * The given settings completed by the defaults of this model; throws UserError for what the model cannot do. A learned
 * policy has a window that it was trained for.
 */
export function resolveSettings(
  spec: DenoiserSpec,
  given: Partial<DecodeSettings>,
  learned?: LearnedPolicy,
): DecodeSettings {
  const mode = given.mode ?? (severalBeams(given) ? 'ar' : defaultMode(spec));
  const maxTokens = given.maxTokens ?? 64;
  const settings: DecodeSettings = {
    mode,
    threshold: given.threshold ?? DEFAULT_THRESHOLD[mode] ?? 1,
    window: given.window ?? defaultWindow(spec, mode, maxTokens, learned),
    maxTokens,
    temperature: given.temperature ?? 0,
    seed: given.seed ?? 0,
    topK: given.topK ?? 50,
    stopStrings: given.stopStrings ?? [],
    ...(mode === 'verified' && given.policy !== 'learned' && { windowChance: WINDOW_CHANCE, lookup: LOOKUP }),
    ...optionalSettings(given),
  };
  checkMode(spec, mode);
  checkNumber('threshold', settings.threshold, { min: 0, max: 1 });
  checkNumber('maxTokens', settings.maxTokens, { min: 1, whole: true });
  checkNumber('temperature', settings.temperature, { min: 0 });
  checkNumber('seed', settings.seed, { min: Number.MIN_SAFE_INTEGER, whole: true });
  checkNumber('topK', settings.topK, { min: 1, whole: true });
  if (mode !== 'ar') checkWindow(spec, settings);
  checkNumber('windowChance', settings.windowChance ?? 1, { min: 0, max: 1 });
  checkNumber('lookup', settings.lookup ?? 0, { min: 0 });
  if (settings.stopStrings.some((stop) => typeof stop !== 'string' || stop === '')) {
    throw new UserError('stopStrings must be non-empty strings.');
  }
  checkBeams(spec, settings);
  checkReveal(settings);
  checkLearned(spec, settings);
  checkCache(spec, settings);
  return settings;
}

/** The settings of a choice: a policy proposes where the model verifies, and decides where it does not. */
export function decodeChoice(choice: DecodeChoice | undefined): Partial<DecodeSettings> {
  return choice === 'policy' ? { policy: 'learned' } : { mode: choice };
}

/** The settings of verified decoding that cost time only. */
export type VerifiedWindows = Partial<Pick<DecodeSettings, 'window' | 'windowChance'>>;

/**
 * The same settings without a mode that the model cannot do, and without what was meant for it alone. Beams take the place
 * of the mode where the model can tell what follows from what it writes. Verified decoding by confidence gets the windows
 * that were found to be the fastest, unless others are given.
 */
export function adaptedSettings(
  spec: DenoiserSpec,
  given: Partial<DecodeSettings>,
  fastest: VerifiedWindows = {},
): Partial<DecodeSettings> {
  const { beams, ...other } = given;
  if (severalBeams(given)) {
    if (spec.cleanAttention !== 'causal' || !spec.fim) return adaptedSettings(spec, other, fastest);
    const { policy: _policy, threshold: _threshold, windowChance: _chance, lookup: _lookup, ...kept } = other;
    return { ...kept, mode: 'ar', beams };
  }
  if (given.mode !== undefined && misfit(spec, given.mode) !== undefined) {
    const { mode: _mode, threshold: _threshold, windowChance: _chance, lookup: _lookup, ...others } = given;
    return adaptedSettings(spec, others, fastest);
  }
  const verified = (given.mode ?? defaultMode(spec)) === 'verified' && given.policy !== 'learned';
  return verified ? { ...fastest, ...given } : given;
}

function defaultMode(spec: DenoiserSpec): DecodeMode {
  return spec.cleanAttention === 'causal' ? 'verified' : 'threshold';
}

function defaultWindow(
  spec: DenoiserSpec,
  mode: DecodeMode,
  maxTokens: number,
  learned: LearnedPolicy | undefined,
): number {
  if (spec.cleanAttention === 'full') return Math.min(learned?.window ?? spec.blockSize, maxTokens);
  if (learned) return learned.window;
  // A window of one position has no rows: a model without masks proposes by prompt lookup only.
  if (spec.maskTokenId === undefined) return 1;
  return mode === 'verified' ? Math.min(VERIFIED_WINDOW, spec.blockSize) : spec.blockSize;
}

function checkMode(spec: DenoiserSpec, mode: DecodeMode): void {
  if (!Object.hasOwn(DEFAULT_THRESHOLD, mode)) {
    throw new UserError(`Decoding mode '${mode}' is unknown: use ar, threshold or verified.`);
  }
  const problem = misfit(spec, mode);
  if (problem) throw new UserError(`${problem}, not with '${mode}'.`);
  if (spec.cleanAttention === 'causal' && spec.logitShift === 0) {
    throw new UserError('This version decodes causal attention with logit_shift 1 only, not 0.');
  }
}

/** Why a model cannot decode in a mode; undefined when it can. */
function misfit({ maskTokenId, cleanAttention }: DenoiserSpec, mode: DecodeMode): string | undefined {
  if (mode === 'threshold' && maskTokenId === undefined)
    return "This is an autoregressive model: it has no mask token, so it decodes with 'verified' or 'ar'";
  if (mode !== 'threshold' && cleanAttention !== 'causal')
    return `This model has ${cleanAttention} attention, so it decodes with 'threshold' only`;
  return undefined;
}

/** Those of the settings without a default of their own that were given. */
function optionalSettings(settings: Partial<DecodeSettings>): Partial<DecodeSettings> {
  const { windowChance, lookup, beams, stopAtDedent, policy, steps, entropyBound, factor } = settings;
  const { cache, refresh, policyFile, unmasking, policyTemperature } = settings;
  const optional = {
    ...{ windowChance, lookup, beams, stopAtDedent, policy, steps, entropyBound, factor },
    ...{ cache, refresh, policyFile, unmasking, policyTemperature },
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

/** Whether more than one response is decoded. */
export function severalBeams({ beams = 1 }: Partial<DecodeSettings>): boolean {
  return beams > 1;
}

function checkBeams(spec: DenoiserSpec, settings: DecodeSettings): void {
  const { beams, mode, temperature } = settings;
  if (beams === undefined) return;
  checkNumber('beams', beams, { min: 1, max: MOST_BEAMS, whole: true });
  if (!severalBeams(settings)) return;
  if (spec.cleanAttention !== 'causal')
    throw new UserError(
      `beams are of models with causal attention, and this one has ${spec.cleanAttention}.`,
    );
  if (mode !== 'ar') throw new UserError(`beams are a setting of the mode 'ar', not of '${mode}'.`);
  if (temperature > 0)
    throw new UserError('beams are the likeliest responses, no samples: set temperature to 0.');
}

function checkReveal(settings: DecodeSettings): void {
  const { mode, policy, steps, entropyBound, factor } = settings;
  if (policy !== undefined && !POLICY_NAMES.includes(policy)) {
    throw new UserError(`The policy '${policy}' is unknown: use ${POLICY_NAMES.join(', ')}.`);
  }
  const rule = mode === 'verified' && policy === 'learned' ? undefined : policy;
  if (mode !== 'threshold' && (rule ?? steps) !== undefined) {
    throw new UserError(`policy and steps are settings of the mode 'threshold', not of '${mode}'.`);
  }
  if (steps !== undefined) checkNumber('steps', steps, { min: 1, whole: true });
  if (entropyBound !== undefined) checkNumber('entropyBound', entropyBound, { min: 0 });
  if (factor !== undefined) checkNumber('factor', factor, { min: 0 });
}

function checkLearned(spec: DenoiserSpec, settings: DecodeSettings): void {
  const { mode, policy, policyFile, unmasking, policyTemperature, temperature } = settings;
  if (policy !== 'learned') {
    if ((policyFile ?? unmasking ?? policyTemperature) === undefined) return;
    throw new UserError("policyFile, unmasking and policyTemperature are settings of the policy 'learned'.");
  }
  if (spec.maskTokenId === undefined)
    throw new UserError('A learned policy decides about masked positions, and this model has no mask token.');
  if (unmasking !== undefined && !Object.hasOwn(UNMASKINGS, unmasking)) {
    throw new UserError(
      `The unmasking '${unmasking}' is unknown: use ${Object.keys(UNMASKINGS).join(', ')}.`,
    );
  }
  if (policyTemperature !== undefined) checkNumber('policyTemperature', policyTemperature, { min: 0.01 });
  // Whether a chained token is proposed may depend on those drawn after it: then what is kept would be no sample of ar's.
  if (mode === 'verified' && spec.samplerHead && temperature > 0) {
    throw new UserError(
      "With a sampler head a learned policy proposes greedily only: set temperature to 0, or the mode to 'threshold'.",
    );
  }
}

function checkCache(spec: DenoiserSpec, { cache, refresh }: DecodeSettings): void {
  if ((cache ?? refresh) !== undefined && spec.cleanAttention !== 'full') {
    throw new UserError(
      `cache and refresh are settings of models with full attention; this one's cache is exact.`,
    );
  }
  if (cache !== undefined && cache !== 'prefix' && cache !== 'dual') {
    throw new UserError(`The cache '${cache}' is unknown: use prefix or dual.`);
  }
  if (refresh !== undefined) checkNumber('refresh', refresh, { min: 1, whole: true });
}

function checkWindow(spec: DenoiserSpec, { window, maxTokens }: DecodeSettings): void {
  if (spec.cleanAttention === 'block' && window !== spec.blockSize) {
    throw new UserError(`window must be ${spec.blockSize}, the block size of this model, not ${window}.`);
  }
  if (spec.maskTokenId === undefined) {
    if (window === 1) return;
    throw new UserError('This model has no mask token, so no window of masked positions: leave window out.');
  }
  checkNumber('window', window, {
    min: spec.cleanAttention === 'causal' ? 2 : 1,
    max: spec.cleanAttention === 'full' ? maxTokens : spec.blockSize,
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
