import type { DenoiserShape } from '../../../kernels/shape.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { ChatLayout } from '../spec.ts';
import { checkDivides, fullAttention, readHeads } from './common.ts';
import type { Family } from './family.ts';

/** Variants of the OLMo code that LLaDA comes from; no published LLaDA uses them. */
const UNSUPPORTED = ['alibi', 'attention_layer_norm', 'include_bias', 'input_emb_norm', 'scale_logits'];

/** Ours, then theirs. `ff_out` is the head outside the blocks and the down projection inside. */
const RENAMED: readonly [string, string][] = [
  ['model.embed_tokens', 'model.transformer.wte'],
  ['model.norm', 'model.transformer.ln_f'],
  ['lm_head', 'model.transformer.ff_out'],
  ['model.layers', 'model.transformer.blocks'],
  ['input_layernorm', 'attn_norm'],
  ['post_attention_layernorm', 'ff_norm'],
  ['self_attn.o_proj', 'attn_out'],
  ['self_attn.', ''],
  ['mlp.gate_proj', 'ff_proj'],
  ['mlp.up_proj', 'up_proj'],
  ['mlp.down_proj', 'ff_out'],
];

const CHAT: ChatLayout = {
  before: ['<|startoftext|>', '<|start_header_id|>', 'user', '<|end_header_id|>', '\n\n'],
  after: ['<|eot_id|>', '<|start_header_id|>', 'assistant', '<|end_header_id|>', '\n\n'],
  end: '<|eot_id|>',
};

/** LLaDA and the denoiser of dUltra: Llama with the names of OLMo, every row sees every other, no logit shift. */
export const llada: Family = {
  name: 'llada',
  modelTypes: ['llada'],
  shape: readShape,
  diffusion: (config, shape) => ({ ...fullAttention(config, shape, 0), chat: CHAT }),
  stored: (name) => ({ name: RENAMED.reduce((stem, [ours, theirs]) => stem.replace(ours, theirs), name) }),
  // dUltra's planner head.
  ignored: /^(model\.)?(mask_head|time_embedding|norm_out_[12]|mask_linear|mask_embedding|block_embedding)\./,
};

function readShape(config: ConfigReader): DenoiserShape {
  config.refuseFlags(...UNSUPPORTED);
  config.choice('activation_type', ['silu'], 'silu');
  config.choice('block_type', ['llama']);
  config.choice('layer_norm_type', ['rms']);
  const hiddenSize = config.count('d_model');
  const { heads, kvHeads } = readHeads(config, 'n_heads', 'n_kv_heads');
  checkDivides(config, 'd_model', hiddenSize, 'n_heads', heads);
  const headDim = hiddenSize / heads;
  if (headDim % 2 !== 0)
    throw config.refuse(
      'd_model',
      `gives heads of ${headDim} dimensions; the rotary embedding needs an even number`,
    );
  return {
    layers: config.count('n_layers'),
    hiddenSize,
    intermediateSize: config.has('mlp_hidden_size')
      ? config.count('mlp_hidden_size')
      : config.count('mlp_ratio') * hiddenSize,
    heads,
    kvHeads,
    headDim,
    // The embedding may have more rows than the tokenizer has tokens.
    vocabSize: config.has('embedding_size') ? config.count('embedding_size') : config.count('vocab_size'),
    rmsEps: config.positive('rms_norm_eps', 1e-5),
    rope: { type: 'default', theta: config.positive('rope_theta', 10_000) },
    qkvBias: config.boolean('include_qkv_bias', false),
    outputBias: false,
    qkNorm: false,
    // An int8 import unties the head and says so by the other families' key.
    tiedHead: config.boolean('tie_word_embeddings', config.boolean('weight_tying', false)),
    maxPositions: config.count('max_sequence_length'),
  };
}
