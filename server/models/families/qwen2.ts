import { commonShape } from './common.ts';
import type { Family } from './family.ts';

/** Qwen2 and Qwen2.5: biases on q, k and v, not a matter of the config. */
export const qwen2: Family = {
  name: 'qwen2',
  modelTypes: ['qwen2'],
  shape(config) {
    config.refuseFlags('use_sliding_window');
    return { ...commonShape(config), qkvBias: true, outputBias: false, qkNorm: false };
  },
};
