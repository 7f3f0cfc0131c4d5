import { UserError } from '../errors.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { DecodeMode, DecodeSettings, StopReason, Trajectory } from '../protocol.ts';
import { decodeAutoregressively } from './ar.ts';
import { decodeBeams } from './beams.ts';
import { decodeOnBlockGrid } from './block-grid.ts';
import type { Denoiser, KvCache } from './denoiser.ts';
import { decodeWithFullAttention } from './full-attention.ts';
import { prefill } from './prefill.ts';
import { Cancelled, type DecodeHooks, Session } from './session.ts';
import { resolveSettings, severalBeams } from './settings.ts';
import type { TokenDecoder } from './text.ts';
import { decodeByThreshold } from './threshold.ts';
import type { LearnedPolicy } from './unmasking/learned-policy.ts';
import { decodeVerified } from './verified.ts';

/** A trajectory without what only the owner of the loaded model knows; `ms.load` is 0. */
export type DecodedTrajectory = Omit<Trajectory, 'model' | 'weights' | 'device'>;

const CAUSAL_MODES: Record<DecodeMode, (session: Session) => Promise<void>> = {
  ar: decodeAutoregressively,
  threshold: decodeByThreshold,
  verified: decodeVerified,
};

/**
 * Decodes a response to `promptIds`. `cache` is empty or what an earlier decoding of the same denoiser left: tokens
 * that begin both prompts are not computed again. Afterwards it holds the prompt and settled response tokens, for full
 * attention nothing of use.
 * Missing settings take the model's defaults; throws UserError when settings or prompt do not suit the model.
 */
export async function decode(
  denoiser: Denoiser,
  tokenizer: TokenDecoder,
  cache: KvCache,
  promptIds: readonly number[],
  given: Partial<DecodeSettings>,
  hooks: DecodeHooks,
): Promise<DecodedTrajectory> {
  const { spec } = denoiser;
  const asked = given.policy === 'learned' || hooks.policyInputs;
  const learned = asked ? hooks.policy : undefined;
  const settings = resolveSettings(spec, given, learned);
  const suffixIds = hooks.suffixIds ?? [];
  checkPolicy(settings, learned);
  checkPrompt(spec, [...promptIds, ...suffixIds], settings.maxTokens);
  const session = new Session(denoiser, tokenizer, cache, promptIds, settings, hooks);
  const stop = await run(session);
  const { response, recorder } = session;
  return {
    format: 'unmask-trajectory',
    version: 1,
    settings,
    promptIds: [...promptIds],
    ...(suffixIds.length > 0 && { suffixIds: [...suffixIds] }),
    cachedTokens: recorder.cachedTokens,
    responseIds: response.ids,
    responseTexts: response.texts,
    text: response.text,
    steps: recorder.steps,
    stop,
    rollbacks: recorder.rollbacks,
    forwards: recorder.forwards(),
    tpf: recorder.tpf(response.ids.length),
    ms: { load: 0, ...recorder.milliseconds() },
  };
}

/** Fills `cache` with what decodings of this prompt begin with; they then start from a copy of it. */
export async function prefillPrompt(
  denoiser: Denoiser,
  tokenizer: TokenDecoder,
  cache: KvCache,
  promptIds: readonly number[],
): Promise<void> {
  const hooks = { cancelled: () => false, candidates: 0 };
  const settings = resolveSettings(denoiser.spec, {});
  await prefill(new Session(denoiser, tokenizer, cache, promptIds, settings, hooks));
}

async function run(session: Session): Promise<StopReason> {
  const { spec } = session.denoiser;
  try {
    await prefill(session);
    if (spec.cleanAttention === 'full') await decodeWithFullAttention(session);
    else if (spec.cleanAttention === 'block') await decodeOnBlockGrid(session);
    else if (severalBeams(session.settings)) await decodeBeams(session);
    else await CAUSAL_MODES[session.settings.mode](session);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  }
  return session.response.stop ?? 'cancelled';
}

function checkPolicy({ policy, window, maxTokens }: DecodeSettings, learned?: LearnedPolicy): void {
  if (policy !== 'learned') return;
  if (!learned) throw new UserError("The policy 'learned' comes in a file, and none was given.");
  if (Math.min(window, maxTokens) === Math.min(learned.window, maxTokens)) return;
  throw new UserError(
    `The policy was trained for windows of ${learned.window} positions, not of ${window}: set window to ${learned.window}.`,
  );
}

function checkPrompt(spec: DenoiserSpec, promptIds: readonly number[], maxTokens: number): void {
  if (promptIds.length === 0)
    throw new UserError('The prompt has no tokens: give the model some text to go on.');
  const stranger = promptIds.find((id) => !Number.isInteger(id) || id < 0 || id >= spec.vocabSize);
  if (stranger !== undefined) {
    throw new UserError(
      `Prompt token ${stranger} is outside the vocabulary of ${spec.vocabSize}: use the model's tokenizer.`,
    );
  }
  if (promptIds.length + maxTokens > spec.maxPositions) {
    throw new UserError(
      `A prompt of ${promptIds.length} tokens and ${maxTokens} more exceed the model's ${spec.maxPositions} positions: shorten either.`,
    );
  }
}
