import type { DenoiserShape, Experts } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { ChatLayout } from '../spec.ts';
import { commonShape } from './common.ts';
import type { Family, StoredWeight } from './family.ts';

/** Facts of the published checkpoints that their configs do not state. */
const MASK = 156_895;
const BLOCK_SIZE = 32;

const CHAT: ChatLayout = {
  before: [
    ...['<role>', 'SYSTEM', '</role>', 'detailed thinking off', '<|role_end|>'],
    ...['<role>', 'HUMAN', '</role>'],
  ],
  after: ['<|role_end|>', '<role>', 'ASSISTANT', '</role>'],
  end: '<|role_end|>',
};

/**
 * LLaDA2 mini and flash: attention by blocks, no logit shift; a mixture of experts behind some dense layers, with a
 * router that first chooses groups of experts; half of every head is turned.
 */
export const llada2: Family = {
  name: 'llada2_moe',
  modelTypes: ['llada2_moe'],
  shape(config) {
    return {
      ...commonShape(config),
      qkvBias: config.boolean('use_qkv_bias', false),
      outputBias: config.boolean('use_bias', false),
      qkNorm: config.boolean('use_qk_norm', true),
      experts: readExperts(config),
    };
  },
  diffusion: (config, { vocabSize }) => ({
    maskTokenId: config.tokenId('mask_token_id', vocabSize, MASK),
    blockSize: config.count('block_size', BLOCK_SIZE),
    logitShift: 0,
    cleanAttention: 'block',
    chat: CHAT,
  }),
  stored,
  ignored: /\.mlp\.gate\.expert_bias$/,
};

function readExperts(config: ConfigReader): Experts {
  const count = config.count('num_experts');
  const groups = config.count('n_group', 1);
  if (count % groups !== 0)
    throw config.refuse('n_group', `is ${groups}, which does not divide num_experts ${count}`);
  return {
    count,
    chosen: config.countUpTo('num_experts_per_tok', count),
    intermediateSize: config.count('moe_intermediate_size'),
    firstLayer: config.has('first_k_dense_replace') ? config.index('first_k_dense_replace') : 0,
    score: config.choice('score_function', ['sigmoid', 'softmax'], 'sigmoid'),
    normalized: config.boolean('norm_topk_prob', true),
    scale: config.positive('routed_scaling_factor', 1),
    choiceBias: config.boolean('moe_router_enable_expert_bias', true),
    groups,
    chosenGroups: config.countUpTo('topk_group', groups, groups),
    sharedSize: config.has('num_shared_experts')
      ? config.index('num_shared_experts') * config.count('moe_intermediate_size')
      : 0,
  };
}

/** One matrix holds the queries, keys and values. */
function stored(name: string, { heads, kvHeads, headDim }: DenoiserShape): StoredWeight {
  const [queries, keys] = [heads * headDim, kvHeads * headDim];
  const first = { q: 0, k: queries, v: queries + keys };
  const part = /\.self_attn\.([qkv])_proj\./.exec(name)?.[1] as keyof typeof first | undefined;
  if (part) {
    const whole = name.replace(`self_attn.${part}_proj`, 'attention.query_key_value');
    return { name: whole, rows: { first: first[part], all: queries + 2 * keys } };
  }
  return {
    name: name
      .replace('model.embed_tokens', 'model.word_embeddings')
      .replace('self_attn.o_proj', 'attention.dense')
      .replace('self_attn.q_norm', 'attention.query_layernorm')
      .replace('self_attn.k_norm', 'attention.key_layernorm'),
  };
}
