import { decode } from '../../server/decode/decode.ts';
import { Random } from '../../server/decode/random.ts';
import type { DenoiserSpec } from '../../server/models/spec.ts';
import type { DecodeSettings } from '../../server/protocol.ts';
import { policyRows } from '../../server/train/rl/policy-rows.ts';
import { REPLAYERS } from '../../server/train/rl/replay/index.ts';
import { recordedCandidates } from '../../server/train/rl/replay/recorded-tokens.ts';
import type { Recorded, ReplaySettings, ReplayState } from '../../server/train/rl/replay/replayer.ts';
import { naiveLogProbs } from './naive-log-probs.ts';
import { LETTERS, testRandom, tinyDenoiser, tinySamplerHead, tinyWeights } from './tiny-model.ts';

export const BLOCK: Partial<DenoiserSpec> = { cleanAttention: 'block', logitShift: 0, blockSize: 4 };
export const FULL: Partial<DenoiserSpec> = { cleanAttention: 'full', logitShift: 0, blockSize: 4 };
export const HEAD: Partial<DenoiserSpec> = {
  samplerHead: { file: '', hiddenSize: 10, candidates: 3, embeddingScale: 1 },
};

export const settings = (changes: Partial<ReplaySettings> = {}): ReplaySettings => ({
  replayer: 'exact',
  likelihood: 'behaviour',
  shrink: 1,
  promptMask: 0,
  scoreAfterEnd: true,
  ...changes,
});

/** A response of a tiny model to a prompt that the seed draws. */
export async function record(
  spec: DenoiserSpec,
  seed: number,
  given: Partial<DecodeSettings>,
): Promise<Recorded> {
  const random = testRandom(seed);
  const denoiser = tinyDenoiser(spec, seed, spec.samplerHead?.candidates);
  const prompt = Array.from({ length: 1 + Math.floor(random() * 7) }, () => Math.floor(random() * 8));
  // As responses are sampled that a run learns from.
  const decoding = { threshold: random() * 0.6, maxTokens: 14, topK: 5, lookup: 0, seed, ...given };
  const hooks = { cancelled: () => false, candidates: recordedCandidates(spec, decoding) };
  const trajectory = await decode(denoiser, LETTERS, denoiser.newCache(), prompt, decoding, hooks);
  return JSON.parse(JSON.stringify(trajectory));
}

/** The states that the named replayer makes of it; without changes the exact one. */
export function replayed(spec: DenoiserSpec, recorded: Recorded, changes: Partial<ReplaySettings> = {}) {
  const chosen = settings(changes);
  return REPLAYERS[chosen.replayer].states(recorded, spec, chosen, new Random(1));
}

/** log-probabilities of what the states score, by the naive network that drew the response with the same seed. */
export function logProbs(
  spec: DenoiserSpec,
  seed: number,
  recorded: Recorded,
  states: readonly ReplayState[],
) {
  const rows = policyRows(spec, [{ ...recorded, states }]);
  const temperature = recorded.settings.temperature || 1;
  const head = tinySamplerHead(spec, seed);
  return naiveLogProbs(spec, tinyWeights(spec, seed), rows, { temperature, head, rounded: true });
}
