import type { Family } from './family.ts';

/** Qwen3: an RMS norm on every query and key head; one optional flag puts a bias on all four projections. */
export const qwen3: Family = {
  name: 'qwen3',
  modelTypes: ['qwen3'],
  attention(config) {
    if (config.boolean('use_sliding_window', false)) {
      throw config.refuse('use_sliding_window', 'is true, which is not supported');
    }
    const bias = config.boolean('attention_bias', false);
    return { qkvBias: bias, outputBias: bias, qkNorm: true };
  },
};
