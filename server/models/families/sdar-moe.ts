import type { Experts } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { Family } from './family.ts';
import { qwen3 } from './qwen3.ts';
import { sdarDiffusion } from './sdar.ts';

/** SDAR-30B-A3B: Qwen3-MoE with experts in every layer. */
export const sdarMoe: Family = {
  name: 'sdar_moe',
  modelTypes: ['sdar_moe'],
  shape: (config) => ({ ...qwen3.shape(config), experts: readExperts(config) }),
  diffusion: sdarDiffusion,
};

function readExperts(config: ConfigReader): Experts {
  config.choice('decoder_sparse_step', [1], 1);
  if (config.list('mlp_only_layers').length > 0)
    throw config.refuse('mlp_only_layers', 'names layers, which is not supported');
  const count = config.count('num_experts');
  return {
    count,
    chosen: config.countUpTo('num_experts_per_tok', count),
    intermediateSize: config.count('moe_intermediate_size'),
    firstLayer: 0,
    score: 'softmax',
    normalized: config.boolean('norm_topk_prob', false),
    scale: 1,
    choiceBias: false,
    groups: 1,
    chosenGroups: 1,
    sharedSize: 0,
  };
}
