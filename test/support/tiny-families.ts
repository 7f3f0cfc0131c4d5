/**
 * A tiny random checkpoint of every family in its published layout: keys of config.json, names and shapes of the tensors
 * and special tokens are written down here from the published ones, not taken from the product.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFloats } from './model-files.ts';
import {
  gated,
  groupedExperts,
  type Network,
  type Recipe,
  referenceNetwork,
  type Stored,
  softmaxExperts,
  times,
} from './reference-network.ts';
import { testRandom } from './tiny-model.ts';
import { writeByteTokenizer } from './tiny-model-folder.ts';

/** 256 bytes, then special tokens. */
export const VOCABULARY = 288;
const END = 256;
const [WIDTH, INNER, LAYERS, HEADS, KV_HEADS, HEAD_DIM] = [24, 20, 2, 4, 2, 8];

export interface TinyFamily {
  config: Record<string, unknown>;
  /** Dimensions of every tensor by its name. */
  tensors: Record<string, number[]>;
  /** Names of the special tokens by their ids. */
  special: Record<number, string>;
  recipe(tensors: Stored): Recipe;
}

const COMMON = {
  vocab_size: VOCABULARY,
  hidden_size: WIDTH,
  intermediate_size: INNER,
  num_hidden_layers: LAYERS,
  num_attention_heads: HEADS,
  num_key_value_heads: KV_HEADS,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  rope_scaling: null,
  max_position_embeddings: 512,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
};

const PROJECTIONS = { q: HEADS * HEAD_DIM, k: KV_HEADS * HEAD_DIM, v: KV_HEADS * HEAD_DIM };
const OUTSIDE = {
  'model.embed_tokens.weight': [VOCABULARY, WIDTH],
  'model.norm.weight': [WIDTH],
  'lm_head.weight': [VOCABULARY, WIDTH],
};

/** The same tensors for every layer, with the layer's number in place of `*`. */
function perLayer(names: Record<string, number[]>): Record<string, number[]> {
  const layers = Array.from({ length: LAYERS }, (_, i) =>
    Object.entries(names).map(([name, dims]) => [name.replace('*', String(i)), dims] as const),
  );
  return Object.fromEntries(layers.flat());
}

function network(at: string, inner = INNER): Record<string, number[]> {
  return {
    [`${at}.gate_proj.weight`]: [inner, WIDTH],
    [`${at}.up_proj.weight`]: [inner, WIDTH],
    [`${at}.down_proj.weight`]: [WIDTH, inner],
  };
}

/** Attention and norms of Qwen's layers. */
function qwenAttention(extra: 'bias' | 'norm'): Record<string, number[]> {
  const projections = Object.entries(PROJECTIONS).flatMap(([part, size]) => [
    [`model.layers.*.self_attn.${part}_proj.weight`, [size, WIDTH]],
    ...(extra === 'bias' ? [[`model.layers.*.self_attn.${part}_proj.bias`, [size]]] : []),
  ]);
  const norms = ['q_norm', 'k_norm'].map((name) => [`model.layers.*.self_attn.${name}.weight`, [HEAD_DIM]]);
  return {
    ...Object.fromEntries(projections),
    ...(extra === 'norm' ? Object.fromEntries(norms) : {}),
    'model.layers.*.self_attn.o_proj.weight': [WIDTH, HEADS * HEAD_DIM],
    'model.layers.*.input_layernorm.weight': [WIDTH],
    'model.layers.*.post_attention_layernorm.weight': [WIDTH],
  };
}

const ROTATION = { layers: LAYERS, heads: HEADS, kvHeads: KV_HEADS, headDim: HEAD_DIM, turned: HEAD_DIM };

function qwenRecipe(
  tensors: Stored,
  normed: boolean,
  feedForward = (at: string, x: number[]) =>
    gated(tensors, `${at}.gate_proj`, `${at}.up_proj`, `${at}.down_proj`, x),
): Recipe {
  return {
    ...ROTATION,
    theta: 1e6,
    epsilon: 1e-6,
    embedding: 'model.embed_tokens',
    finalNorm: 'model.norm',
    head: 'lm_head',
    layer: (i) => {
      const at = `model.layers.${i}`;
      return {
        norm: `${at}.input_layernorm`,
        feedForwardNorm: `${at}.post_attention_layernorm`,
        queryKeyValue: (x) => [
          times(tensors, `${at}.self_attn.q_proj`, x),
          times(tensors, `${at}.self_attn.k_proj`, x),
          times(tensors, `${at}.self_attn.v_proj`, x),
        ],
        queryNorm: normed ? `${at}.self_attn.q_norm` : undefined,
        keyNorm: normed ? `${at}.self_attn.k_norm` : undefined,
        output: `${at}.self_attn.o_proj`,
        feedForward: (x) => feedForward(`${at}.mlp`, x),
      };
    },
  };
}

const CHATML = { [END]: '<|endoftext|>', 257: '<|im_start|>', 258: '<|im_end|>' };
const SDAR_TOKENS = { ...CHATML, 282: '<|MASK|>' };
/** SDAR's config names no mask: it is counted from this one. */
const SDAR_CONFIG = {
  ...COMMON,
  head_dim: HEAD_DIM,
  bos_token_id: END,
  eos_token_id: END,
  pad_token_id: END,
};

export const TINY_FAMILIES: Record<string, TinyFamily> = {
  sdar: {
    config: { ...SDAR_CONFIG, model_type: 'sdar', architectures: ['SDARForCausalLM'], block_size: 4 },
    tensors: { ...OUTSIDE, ...perLayer({ ...qwenAttention('norm'), ...network('model.layers.*.mlp') }) },
    special: SDAR_TOKENS,
    recipe: (tensors) => qwenRecipe(tensors, true),
  },
  sdar_moe: {
    config: {
      ...SDAR_CONFIG,
      model_type: 'sdar_moe',
      architectures: ['SDARMoeForCausalLM'],
      block_size: 4,
      num_experts: 6,
      num_experts_per_tok: 2,
      moe_intermediate_size: 12,
      norm_topk_prob: true,
      decoder_sparse_step: 1,
      mlp_only_layers: [],
    },
    tensors: {
      ...OUTSIDE,
      ...perLayer({
        ...qwenAttention('norm'),
        'model.layers.*.mlp.gate.weight': [6, WIDTH],
        ...Object.assign(
          {},
          ...[0, 1, 2, 3, 4, 5].map((e) => network(`model.layers.*.mlp.experts.${e}`, 12)),
        ),
      }),
    },
    special: SDAR_TOKENS,
    recipe: (tensors) => qwenRecipe(tensors, true, (at, x) => softmaxExperts(tensors, at, 6, 2, x)),
  },
  llada: {
    config: {
      model_type: 'llada',
      architectures: ['LLaDAModelLM'],
      activation_type: 'silu',
      alibi: false,
      attention_layer_norm: false,
      block_group_size: 1,
      block_type: 'llama',
      d_model: HEADS * HEAD_DIM,
      embedding_size: VOCABULARY,
      eos_token_id: END,
      include_bias: false,
      include_qkv_bias: false,
      input_emb_norm: false,
      layer_norm_type: 'rms',
      mask_token_id: 260,
      max_sequence_length: 512,
      mlp_hidden_size: INNER,
      mlp_ratio: 4,
      n_heads: HEADS,
      n_kv_heads: HEADS,
      n_layers: LAYERS,
      pad_token_id: END,
      rms_norm_eps: 1e-5,
      rope: true,
      rope_theta: 500000,
      scale_logits: false,
      vocab_size: VOCABULARY - 2,
      weight_tying: false,
    },
    tensors: {
      'model.transformer.wte.weight': [VOCABULARY, 32],
      'model.transformer.ln_f.weight': [32],
      'model.transformer.ff_out.weight': [VOCABULARY, 32],
      // dUltra's planner.
      'mask_head.0.q_proj.weight': [32, 32],
      'time_embedding.mlp.0.weight': [32, 16],
      ...perLayer({
        'model.transformer.blocks.*.q_proj.weight': [32, 32],
        'model.transformer.blocks.*.k_proj.weight': [32, 32],
        'model.transformer.blocks.*.v_proj.weight': [32, 32],
        'model.transformer.blocks.*.attn_out.weight': [32, 32],
        'model.transformer.blocks.*.attn_norm.weight': [32],
        'model.transformer.blocks.*.ff_norm.weight': [32],
        'model.transformer.blocks.*.ff_proj.weight': [INNER, 32],
        'model.transformer.blocks.*.up_proj.weight': [INNER, 32],
        'model.transformer.blocks.*.ff_out.weight': [32, INNER],
      }),
    },
    special: {
      [END]: '<|endoftext|>',
      257: '<|startoftext|>',
      258: '<|start_header_id|>',
      259: '<|end_header_id|>',
      260: '<|mdm_mask|>',
      261: '<|eot_id|>',
    },
    recipe: (tensors) => ({
      ...ROTATION,
      kvHeads: HEADS,
      theta: 5e5,
      epsilon: 1e-5,
      embedding: 'model.transformer.wte',
      finalNorm: 'model.transformer.ln_f',
      head: 'model.transformer.ff_out',
      layer: (i) => {
        const at = `model.transformer.blocks.${i}`;
        return {
          norm: `${at}.attn_norm`,
          feedForwardNorm: `${at}.ff_norm`,
          queryKeyValue: (x) => [
            times(tensors, `${at}.q_proj`, x),
            times(tensors, `${at}.k_proj`, x),
            times(tensors, `${at}.v_proj`, x),
          ],
          output: `${at}.attn_out`,
          feedForward: (x) => gated(tensors, `${at}.ff_proj`, `${at}.up_proj`, `${at}.ff_out`, x),
        };
      },
    }),
  },
  llada2: {
    config: {
      ...COMMON,
      model_type: 'llada2_moe',
      architectures: ['LLaDA2MoeModelLM'],
      head_dim: HEAD_DIM,
      rope_theta: 600000,
      partial_rotary_factor: 0.5,
      use_qkv_bias: false,
      use_bias: false,
      use_qk_norm: true,
      first_k_dense_replace: 1,
      moe_intermediate_size: 12,
      moe_router_enable_expert_bias: true,
      n_group: 4,
      topk_group: 2,
      norm_topk_prob: true,
      num_experts: 8,
      num_experts_per_tok: 3,
      num_shared_experts: 1,
      routed_scaling_factor: 2.5,
      score_function: 'sigmoid',
      pad_token_id: END,
      mask_token_id: 260,
      block_size: 8,
    },
    tensors: {
      'model.word_embeddings.weight': [VOCABULARY, WIDTH],
      'model.norm.weight': [WIDTH],
      'lm_head.weight': [VOCABULARY, WIDTH],
      ...perLayer({
        'model.layers.*.input_layernorm.weight': [WIDTH],
        'model.layers.*.post_attention_layernorm.weight': [WIDTH],
        'model.layers.*.attention.query_key_value.weight': [(HEADS + 2 * KV_HEADS) * HEAD_DIM, WIDTH],
        'model.layers.*.attention.dense.weight': [WIDTH, HEADS * HEAD_DIM],
        'model.layers.*.attention.query_layernorm.weight': [HEAD_DIM],
        'model.layers.*.attention.key_layernorm.weight': [HEAD_DIM],
      }),
      ...network('model.layers.0.mlp'),
      'model.layers.1.mlp.gate.weight': [8, WIDTH],
      'model.layers.1.mlp.gate.expert_bias': [8],
      ...network('model.layers.1.mlp.shared_experts', 12),
      ...Object.assign(
        {},
        ...[0, 1, 2, 3, 4, 5, 6, 7].map((e) => network(`model.layers.1.mlp.experts.${e}`, 12)),
      ),
    },
    special: {
      [END]: '<|endoftext|>',
      257: '<|role_end|>',
      258: '<role>',
      259: '</role>',
      260: '<|mask|>',
    },
    recipe: (tensors) => ({
      ...qwenRecipe(tensors, true),
      turned: HEAD_DIM / 2,
      theta: 6e5,
      embedding: 'model.word_embeddings',
      layer: (i) => {
        const at = `model.layers.${i}`;
        const { q, k } = PROJECTIONS;
        return {
          norm: `${at}.input_layernorm`,
          feedForwardNorm: `${at}.post_attention_layernorm`,
          queryKeyValue: (x) => {
            const all = times(tensors, `${at}.attention.query_key_value`, x);
            return [all.slice(0, q), all.slice(q, q + k), all.slice(q + k)];
          },
          queryNorm: `${at}.attention.query_layernorm`,
          keyNorm: `${at}.attention.key_layernorm`,
          output: `${at}.attention.dense`,
          feedForward: (x) =>
            i === 0
              ? gated(tensors, `${at}.mlp.gate_proj`, `${at}.mlp.up_proj`, `${at}.mlp.down_proj`, x)
              : groupedExperts(tensors, `${at}.mlp`, { groups: 4, openGroups: 2, chosen: 3, scale: 2.5 }, x),
        };
      },
    }),
  },
  dream: {
    config: {
      ...COMMON,
      model_type: 'Dream',
      architectures: ['DreamModel'],
      hidden_size: HEADS * HEAD_DIM,
      mask_token_id: 260,
      eos_token_id: END,
      pad_token_id: END,
      use_sliding_window: false,
    },
    ...qwen2Tensors(),
    special: { ...CHATML, 260: '<|mask|>' },
  },
  open_dcoder: {
    config: {
      ...COMMON,
      model_type: 'qwen2',
      architectures: ['Qwen2ForCausalLM'],
      hidden_size: HEADS * HEAD_DIM,
      mask_token_id: 260,
      eos_token_id: END,
    },
    ...qwen2Tensors(),
    special: { [END]: '<|endoftext|>', 260: '<M>' },
  },
  fast_dllm_v2: {
    config: {
      ...COMMON,
      model_type: 'Fast_dLLM_Qwen',
      architectures: ['Fast_dLLM_QwenForCausalLM'],
      hidden_size: HEADS * HEAD_DIM,
      bd_size: 16,
      mask_token_id: 260,
      eos_token_id: 258,
    },
    ...qwen2Tensors(),
    special: { ...CHATML, 260: '|<MASK>|' },
  },
};

/** Qwen2 has no head size of its own, so its width is that of all heads. */
function qwen2Tensors(): Pick<TinyFamily, 'tensors' | 'recipe'> {
  const tensors = { ...OUTSIDE, ...perLayer({ ...qwenAttention('bias'), ...network('model.layers.*.mlp') }) };
  const wide = Object.entries(tensors).map(([name, dims]) => [
    name,
    dims.map((dim) => (dim === WIDTH ? HEADS * HEAD_DIM : dim)),
  ]);
  return { tensors: Object.fromEntries(wide), recipe: (stored) => qwenRecipe(stored, false) };
}

/** Writes the checkpoint of a family into `dir`; returns its network as the reference has it. */
export function writeTinyFamily(dir: string, name: string, seed = 1): Network {
  const family = TINY_FAMILIES[name];
  mkdirSync(dir, { recursive: true });
  const random = testRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const tensors: Stored = {};
  for (const [tensor, dims] of Object.entries(family.tensors)) {
    const isNorm = dims.length === 1 && !tensor.endsWith('bias');
    const scale =
      dims.length === 1
        ? 0.3
        : tensor.includes('embed') || tensor.includes('wte')
          ? 1
          : 2 / Math.sqrt(dims[1]);
    const length = dims.reduce((a, b) => a * b, 1);
    tensors[tensor] = {
      dims,
      values: Float32Array.from({ length }, () => (isNorm ? 1 : 0) + scale * normal()),
    };
  }
  writeFloats(path.join(dir, 'model.safetensors'), tensors);
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(family.config));
  writeByteTokenizer(dir, family.special);
  return referenceNetwork(tensors, family.recipe(tensors));
}
