import type { Family } from './family.ts';

/** Qwen2 and Qwen2.5: biases on q, k and v, not a matter of the config. */
export const qwen2: Family = {
  name: 'qwen2',
  modelTypes: ['qwen2'],
  attention(config) {
    if (config.boolean('use_sliding_window', false)) {
      throw config.refuse('use_sliding_window', 'is true, which is not supported');
    }
    return { qkvBias: true, outputBias: false, qkNorm: false };
  },
};
