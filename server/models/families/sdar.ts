import type { ConfigReader } from '../config-reader.ts';
import { chatMl } from './chat.ts';
import type { Family, PublishedDiffusion } from './family.ts';
import { qwen3 } from './qwen3.ts';

/** The mask is token 151669; the published code counts it from the beginning-of-text token where no key names it. */
const MASK_AFTER_BOS = 26;

/**
 * SDAR and what was trained from it: TraDo, DiRL, LightningRL. Qwen3 with attention by blocks and no logit shift; the
 * head is never tied, though that of small Qwen3 models is.
 */
export const sdar: Family = {
  name: 'sdar',
  modelTypes: ['sdar'],
  shape: qwen3.shape,
  diffusion: sdarDiffusion,
};

export function sdarDiffusion(
  config: ConfigReader,
  { vocabSize }: { vocabSize: number },
): PublishedDiffusion {
  const counted = config.has('bos_token_id')
    ? config.tokenId('bos_token_id', vocabSize) + MASK_AFTER_BOS
    : undefined;
  if (!config.has('block_size')) {
    throw config.refuse(
      'block_size',
      "is missing: add it with the block size at the end of the checkpoint's name (SDAR-8B-Chat-b32 has 32, a name without one 4)",
    );
  }
  return {
    maskTokenId: config.tokenId('mask_token_id', vocabSize, counted),
    blockSize: config.count('block_size'),
    logitShift: 0,
    cleanAttention: 'block',
    chat: chatMl(),
  };
}
