import { commonShape } from './common.ts';
import type { Family } from './family.ts';

/** Qwen3: an RMS norm on every query and key head; one optional flag puts a bias on all four projections. */
export const qwen3: Family = {
  name: 'qwen3',
  modelTypes: ['qwen3'],
  shape(config) {
    config.refuseFlags('use_sliding_window');
    const bias = config.boolean('attention_bias', false);
    return { ...commonShape(config), qkvBias: bias, outputBias: bias, qkNorm: true };
  },
};
