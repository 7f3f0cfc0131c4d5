import { commonShape } from './common.ts';
import type { Family } from './family.ts';

/** Llama 2 and 3, SmolLM2: one optional flag puts a bias on all four attention projections. */
export const llama: Family = {
  name: 'llama',
  modelTypes: ['llama'],
  shape(config) {
    config.refuseFlags('mlp_bias');
    const bias = config.boolean('attention_bias', false);
    return { ...commonShape(config), qkvBias: bias, outputBias: bias, qkNorm: false };
  },
};
