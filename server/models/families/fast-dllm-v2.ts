import { chatMl } from './chat.ts';
import type { Family } from './family.ts';
import { qwen2 } from './qwen2.ts';

/** Facts of the published checkpoints that their configs do not state. */
const MASK = 151_665;
const SUB_BLOCK = 8;

/**
 * Fast-dLLM v2: Qwen2.5 with attention by blocks in which a row still predicts the token after it. The commit of a block
 * gives the first token of the next one; inside a block, sub-blocks are filled from left to right.
 */
export const fastDllmV2: Family = {
  name: 'fast_dllm_v2',
  modelTypes: ['Fast_dLLM_Qwen'],
  shape: qwen2.shape,
  diffusion(config, { vocabSize }) {
    const blockSize = config.count('bd_size');
    return {
      maskTokenId: config.tokenId('mask_token_id', vocabSize, MASK),
      blockSize,
      subBlockSize: Math.min(SUB_BLOCK, blockSize),
      logitShift: 1,
      cleanAttention: 'block',
      chat: chatMl('You are a helpful assistant.'),
    };
  },
};
