import documents from '../bench/documents.json' with { type: 'json' };
import { decode } from '../decode/decode.ts';
import type { Denoiser } from '../decode/denoiser.ts';
import { resolveSettings, type VerifiedWindows } from '../decode/settings.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { TextCodec } from './loaded-model.ts';
import type { Times } from './measurements.ts';
import { promptTokens } from './prompt.ts';

/** Windows beside the usual one that are tried as far as the model's block reaches. */
const WINDOWS = [3, 4, 5, 6, 8, 12, 16, 24, 32];
/** Chances beside the usual one. */
const CHANCES = [1, 0.2, 0.1, 0];

const DOCUMENTS = documents.slice(0, 3);
const PROMPT_TOKENS = 128;
const TOKENS = 24;
const RUNS = 2;

/** Windows that may be the best for verified decoding, the usual one first; none for a model that does not decode so. */
export function windowCandidates(spec: DenoiserSpec): number[] {
  const { mode, window } = resolveSettings(spec, {});
  if (mode !== 'verified' || spec.maskTokenId === undefined) return [];
  return [window, ...WINDOWS.filter((other) => other !== window && other <= spec.blockSize)];
}

/**
 * Milliseconds of a token of verified decoding in the holes of a few documents, by its window. The tokens are the same
 * whatever the windows, so only the time differs; it is the best of several runs for every document.
 */
export function timeWindows(denoiser: Denoiser, codec: TextCodec): Promise<Times<number>> {
  return timeChoices(denoiser, codec, windowCandidates(denoiser.spec), (window) => ({ window }));
}

/** The same by the least chance that a further window is fed for; none without a window. */
export function timeWindowChances(
  denoiser: Denoiser,
  codec: TextCodec,
  window: number | undefined,
): Promise<Times<number>> {
  if (window === undefined) return Promise.resolve([]);
  const { windowChance } = resolveSettings(denoiser.spec, {});
  const candidates = [windowChance!, ...CHANCES.filter((other) => other !== windowChance)];
  return timeChoices(denoiser, codec, candidates, (chance) => ({ window, windowChance: chance }));
}

async function timeChoices(
  denoiser: Denoiser,
  codec: TextCodec,
  candidates: readonly number[],
  settings: (candidate: number) => VerifiedWindows,
): Promise<Times<number>> {
  const { spec } = denoiser;
  const prompts = DOCUMENTS.map(({ prefix, suffix }) => {
    const prompt = { prefix, suffix, fim: spec.fim !== undefined, budget: PROMPT_TOKENS };
    return {
      ids: promptTokens(prompt, spec, codec, spec.maxPositions - TOKENS).ids,
      cache: denoiser.newCache(),
    };
  });
  const times: Times<number> = [];
  for (const candidate of candidates) {
    const given = { ...settings(candidate), maxTokens: TOKENS };
    let [milliseconds, tokens] = [0, 0];
    for (const { ids, cache } of prompts) {
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) {
        const hooks = { cancelled: () => false, candidates: 0 };
        const decoded = await decode(denoiser, codec, cache, ids, given, hooks);
        if (run === 0) tokens += decoded.responseIds.length;
        best = Math.min(best, decoded.ms.decode);
      }
      milliseconds += best;
    }
    times.push([candidate, milliseconds / tokens]);
  }
  return times;
}
