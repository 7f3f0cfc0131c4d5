import { chatMl } from './chat.ts';
import { fullAttention } from './common.ts';
import type { Family } from './family.ts';
import { qwen2 } from './qwen2.ts';

/** Dream: Qwen2.5 in which every row sees every other; as there, a row predicts the token after it. */
export const dream: Family = {
  name: 'dream',
  modelTypes: ['Dream', 'dream'],
  shape: qwen2.shape,
  diffusion: (config, shape) => ({
    ...fullAttention(config, shape, 1),
    chat: chatMl('You are a helpful assistant.'),
  }),
};
