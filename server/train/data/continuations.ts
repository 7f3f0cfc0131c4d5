import { decode } from '../../decode/decode.ts';
import type { LoadedModel } from '../../engine/loaded-model.ts';
import { type Sampler, sampleRandom } from './sampler.ts';

/** A prompt and what the model itself goes on with, as token ids: reading a text back may cut it into other tokens. */
export interface Continuation {
  promptIds: readonly number[];
  completionIds: readonly number[];
}

/** A text that is not cut for infilling is continued from a random place of its first part of this size. */
const CUT_SHARE = 0.75;

/**
 * The model's own greedy continuations of prompts that the sampler makes, the texts' own being thrown away: what a
 * student of its autoregressive mode learns from. Ends early once `cancelled`.
 */
export async function* continuations(
  { denoiser, tokenizer }: LoadedModel,
  sampler: Sampler,
  { count, seed, maxTokens }: { count: number; seed: number; maxTokens: number },
  cancelled: () => boolean,
): AsyncGenerator<Continuation> {
  const cache = denoiser.newCache();
  for (let i = 0; i < count; i++) {
    const random = sampleRandom(seed, i);
    const { ids, promptLength } = await sampler.sample(random);
    const cut = Math.max(1, Math.floor(random.uniform() * CUT_SHARE * ids.length));
    const prompt = ids.slice(0, promptLength || cut);
    const { responseIds, stop } = await decode(
      denoiser,
      tokenizer,
      cache,
      prompt,
      { maxTokens },
      { cancelled, candidates: 0 },
    );
    if (stop === 'cancelled') return;
    yield { promptIds: prompt, completionIds: responseIds };
  }
}
