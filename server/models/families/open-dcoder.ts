import { fullAttention } from './common.ts';
import type { Family } from './family.ts';
import { qwen2 } from './qwen2.ts';

/**
 * Open-dCoder: Qwen2.5-Coder in which every row sees every other; as there, a row predicts the token after it. Its
 * config is Qwen2's: the mask token tells them apart, and where the key is missing it has to be added (151665, `<M>`).
 */
export const openDcoder: Family = {
  name: 'open_dcoder',
  modelTypes: ['qwen2'],
  marker: 'mask_token_id',
  shape: qwen2.shape,
  diffusion: (config, shape) => fullAttention(config, shape, 1),
};
