import { chatMl } from './chat.ts';
import { FULL_ATTENTION_BLOCK } from './common.ts';
import type { Family } from './family.ts';
import { qwen2 } from './qwen2.ts';

/** Dream: Qwen2.5 in which every row sees every other; as there, a row predicts the token after it. */
export const dream: Family = {
  name: 'dream',
  modelTypes: ['Dream', 'dream'],
  shape: qwen2.shape,
  diffusion: (config, { vocabSize }) => ({
    maskTokenId: config.tokenId('mask_token_id', vocabSize),
    blockSize: FULL_ATTENTION_BLOCK,
    logitShift: 1,
    cleanAttention: 'full',
    chat: chatMl('You are a helpful assistant.'),
  }),
};
