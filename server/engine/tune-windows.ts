import documents from '../bench/documents.json' with { type: 'json' };
import { decode } from '../decode/decode.ts';
import type { Denoiser } from '../decode/denoiser.ts';
import { resolveSettings } from '../decode/settings.ts';
import type { DenoiserSpec } from '../models/spec.ts';
import type { TextCodec } from './loaded-model.ts';
import type { Times } from './measurements.ts';
import { promptTokens } from './prompt.ts';

/** Windows beside the usual one that are tried as far as the model's block reaches. */
const WINDOWS = [3, 4, 5, 6, 8, 12, 16, 24, 32];

const DOCUMENTS = documents.slice(0, 3);
const PROMPT_TOKENS = 128;
const TOKENS = 24;
const RUNS = 2;

/** Windows that may be the best for verified decoding, the usual one first; none for a model that does not decode so. */
export function windowCandidates(spec: DenoiserSpec): number[] {
  const { mode, window } = resolveSettings(spec, {});
  if (mode !== 'verified') return [];
  return [window, ...WINDOWS.filter((other) => other !== window && other <= spec.blockSize)];
}

/**
 * Milliseconds of a token of verified decoding in the holes of a few documents, by its window. The tokens are the same
 * whatever the window, so only the time differs; it is the best of several runs for every document.
 */
export async function timeWindows(denoiser: Denoiser, codec: TextCodec): Promise<Times<number>> {
  const { spec } = denoiser;
  const prompts = DOCUMENTS.map(({ prefix, suffix }) => {
    const prompt = { prefix, suffix, fim: spec.fim !== undefined, budget: PROMPT_TOKENS };
    return {
      ids: promptTokens(prompt, spec, codec, spec.maxPositions - TOKENS).ids,
      cache: denoiser.newCache(),
    };
  });
  const times: Times<number> = [];
  for (const window of windowCandidates(spec)) {
    let [milliseconds, tokens] = [0, 0];
    for (const { ids, cache } of prompts) {
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) {
        const hooks = { cancelled: () => false, candidates: 0 };
        const decoded = await decode(denoiser, codec, cache, ids, { window, maxTokens: TOKENS }, hooks);
        if (run === 0) tokens += decoded.responseIds.length;
        best = Math.min(best, decoded.ms.decode);
      }
      milliseconds += best;
    }
    times.push([window, milliseconds / tokens]);
  }
  return times;
}
