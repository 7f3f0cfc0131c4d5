import type { Family } from './family.ts';

/** Llama 2 and 3, SmolLM2: one optional flag puts a bias on all four attention projections. */
export const llama: Family = {
  name: 'llama',
  modelTypes: ['llama'],
  attention(config) {
    if (config.boolean('mlp_bias', false)) throw config.refuse('mlp_bias', 'is true, which is not supported');
    const bias = config.boolean('attention_bias', false);
    return { qkvBias: bias, outputBias: bias, qkNorm: false };
  },
};
