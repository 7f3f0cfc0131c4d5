import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../server/errors.ts';
import { readSpec } from '../../server/models/read-spec.ts';

const PLAIN = {
  model_type: 'llama',
  vocab_size: 100,
  hidden_size: 48,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 64,
  eos_token_id: [0, 2],
};

const FIM = { order: 'suffix-prefix-middle', suffix_token_id: 8, prefix_token_id: 9, end_token_id: 5 };
const HEAD = { file: 'head.safetensors', hidden_size: 96, candidates: 16, embedding_scale: 8 };
const DIFFUSION = { mask_token_id: 7, block_size: 6, clean_attention: 'causal', logit_shift: 1 };

const SDAR = { model_type: 'sdar', bos_token_id: 10 };
const EXPERTS = { num_experts: 8, num_experts_per_tok: 2, moe_intermediate_size: 16, block_size: 4 };
const LLADA = {
  model_type: 'llada',
  d_model: 48,
  n_heads: 6,
  n_layers: 2,
  mlp_hidden_size: 96,
  max_sequence_length: 64,
  block_type: 'llama',
  layer_norm_type: 'rms',
  mask_token_id: 7,
};

const spec = (changes: object) => readSpec('m/config.json', { ...PLAIN, ...changes });

test('a plain checkpoint has no mask and the defaults of its family', () => {
  assert.deepEqual(spec({}), {
    family: 'llama',
    layers: 2,
    hiddenSize: 48,
    intermediateSize: 96,
    heads: 6,
    kvHeads: 2,
    headDim: 8,
    vocabSize: 100,
    rmsEps: 1e-5,
    rope: { type: 'default', theta: 10000 },
    qkvBias: false,
    outputBias: false,
    qkNorm: false,
    tiedHead: false,
    maxPositions: 64,
    stopTokenIds: [0, 2],
    suppressedTokenIds: [],
    blockSize: 1,
    logitShift: 1,
    cleanAttention: 'causal',
  });
});

test('the families differ in biases and norms', () => {
  const attention = (changes: object) => {
    const { family, qkvBias, outputBias, qkNorm } = spec(changes);
    return { family, qkvBias, outputBias, qkNorm };
  };
  assert.deepEqual(attention({ attention_bias: true }), {
    family: 'llama',
    qkvBias: true,
    outputBias: true,
    qkNorm: false,
  });
  assert.deepEqual(attention({ model_type: 'qwen2' }), {
    family: 'qwen2',
    qkvBias: true,
    outputBias: false,
    qkNorm: false,
  });
  assert.deepEqual(attention({ model_type: 'qwen3', head_dim: 16 }), {
    family: 'qwen3',
    qkvBias: false,
    outputBias: false,
    qkNorm: true,
  });
});

test('a diffusion section gives mask, window, markers and sampler head', () => {
  const read = spec({ diffusion: { ...DIFFUSION, fim: FIM, sampler_head: HEAD } });
  assert.equal(read.maskTokenId, 7);
  assert.equal(read.blockSize, 6);
  assert.deepEqual(read.stopTokenIds, [0, 2, 5]);
  assert.deepEqual(read.suppressedTokenIds, [7, 8, 9]);
  assert.deepEqual(read.fim, {
    order: 'suffix-prefix-middle',
    suffixTokenId: 8,
    prefixTokenId: 9,
    endTokenId: 5,
  });
  assert.deepEqual(read.samplerHead, {
    file: 'head.safetensors',
    hiddenSize: 96,
    candidates: 16,
    embeddingScale: 8,
  });
  const psm = { ...FIM, order: 'prefix-suffix-middle', middle_token_id: 10 };
  assert.deepEqual(spec({ diffusion: { ...DIFFUSION, fim: psm } }).suppressedTokenIds, [7, 8, 9, 10]);
});

test('published checkpoints denoise as their authors say', () => {
  const published = (changes: object) => {
    const { family, maskTokenId, stopTokenIds, blockSize, subBlockSize, logitShift, cleanAttention } =
      spec(changes);
    return { family, maskTokenId, stopTokenIds, blockSize, subBlockSize, logitShift, cleanAttention };
  };
  const block = { logitShift: 0, cleanAttention: 'block', stopTokenIds: [0, 2], subBlockSize: undefined };
  const full = { ...block, cleanAttention: 'full', blockSize: 32 };
  // Without a key the mask is counted from the beginning-of-text token.
  assert.deepEqual(published({ ...SDAR, block_size: 4 }), {
    ...block,
    family: 'sdar',
    maskTokenId: 36,
    blockSize: 4,
  });
  assert.deepEqual(published({ ...SDAR, ...EXPERTS, model_type: 'sdar_moe' }).family, 'sdar_moe');
  assert.deepEqual(published(LLADA), { ...full, family: 'llada', maskTokenId: 7 });
  assert.equal(spec({ ...LLADA, weight_tying: true }).tiedHead, true);
  assert.equal(spec({ ...LLADA, weight_tying: true, tie_word_embeddings: false }).tiedHead, false);
  // Without an end of text the padding is it.
  assert.deepEqual(
    published({
      model_type: 'llada2_moe',
      ...EXPERTS,
      mask_token_id: 7,
      eos_token_id: undefined,
      pad_token_id: 3,
    }),
    { ...block, family: 'llada2_moe', maskTokenId: 7, blockSize: 4, stopTokenIds: [3] },
  );
  assert.deepEqual(published({ model_type: 'Dream', mask_token_id: 7 }), {
    ...full,
    family: 'dream',
    maskTokenId: 7,
    logitShift: 1,
  });
  assert.deepEqual(published({ model_type: 'qwen2', mask_token_id: 7 }).family, 'open_dcoder');
  assert.deepEqual(published({ model_type: 'qwen2' }).maskTokenId, undefined);
  assert.deepEqual(published({ model_type: 'Fast_dLLM_Qwen', bd_size: 32, mask_token_id: 7 }), {
    ...block,
    family: 'fast_dllm_v2',
    maskTokenId: 7,
    blockSize: 32,
    subBlockSize: 8,
    logitShift: 1,
  });
});

const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

test('rope is read from its older and its newer place', () => {
  const rope = (changes: object) => spec(changes).rope;
  const llama3 = {
    type: 'llama3',
    theta: 5e5,
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 32,
  };
  assert.deepEqual(rope({ rope_theta: 1e6, rope_scaling: null }), { type: 'default', theta: 1e6 });
  assert.deepEqual(rope({ rope_scaling: { type: 'linear', factor: 2 } }), {
    type: 'linear',
    theta: 1e4,
    factor: 2,
  });
  assert.deepEqual(rope({ rope_theta: 5e5, rope_scaling: LLAMA3 }), llama3);
  assert.deepEqual(rope({ rope_parameters: { ...LLAMA3, rope_theta: 5e5 } }), llama3);
  assert.deepEqual(rope({ rope_parameters: { rope_type: 'default', rope_theta: 7 } }), {
    type: 'default',
    theta: 7,
  });
});

const diffusion = (changes: object) => ({ diffusion: { ...DIFFUSION, ...changes } });
const without = (key: string) => ({ [key]: undefined });

for (const [changes, message] of [
  [without('model_type'), /model_type is missing/],
  [
    { model_type: 'gpt2' },
    /model_type is "gpt2", which is not supported \(known: llama, qwen2, qwen3, sdar, /,
  ],
  [without('vocab_size'), /vocab_size is missing/],
  [without('hidden_size'), /hidden_size is missing/],
  [without('num_hidden_layers'), /num_hidden_layers is missing/],
  [without('rms_norm_eps'), /rms_norm_eps is missing/],
  [without('max_position_embeddings'), /max_position_embeddings is missing/],
  [{ vocab_size: '100' }, /vocab_size must be a number above 0, not "100"/],
  [{ num_hidden_layers: 1.5 }, /num_hidden_layers must be a whole number, not 1.5/],
  [{ rms_norm_eps: 0 }, /rms_norm_eps must be a number above 0, not 0/],
  [{ num_attention_heads: 7, num_key_value_heads: 7 }, /hidden_size is 48, which num_attention_heads 7 does/],
  [{ num_key_value_heads: 4 }, /num_key_value_heads is 4, which does not divide num_attention_heads 6/],
  [{ head_dim: 7 }, /head_dim is 7; the rotary embedding needs an even number/],
  [{ hidden_act: 'gelu' }, /hidden_act must be silu, not "gelu"/],
  [{ mlp_bias: true }, /mlp_bias is true, which is not supported/],
  [{ attention_bias: 1 }, /attention_bias must be true or false, not 1/],
  [{ model_type: 'qwen2', use_sliding_window: true }, /use_sliding_window is true/],
  [
    { rope_scaling: { rope_type: 'yarn', factor: 4 } },
    /rope_scaling\.rope_type is "yarn", which is not supp/,
  ],
  [{ rope_scaling: { type: 'linear' } }, /rope_scaling\.factor is missing/],
  [{ rope_scaling: 'linear' }, /rope_scaling must be an object/],
  [{ rope_theta: 1e4, rope_parameters: { rope_theta: 1e6 } }, /rope_theta is 10000, but rope_parameters/],
  [{ partial_rotary_factor: 0.3 }, /partial_rotary_factor turns 2\.4 dimensions; the rotary embedding needs/],
  [{ partial_rotary_factor: 2 }, /partial_rotary_factor is above 1/],
  [{ eos_token_id: 100 }, /eos_token_id is 100, outside the vocabulary of 100 tokens/],
  [diffusion({ mask_token_id: 151669 }), /diffusion\.mask_token_id is 151669, outside the vocabulary of 100/],
  [diffusion({ mask_token_id: undefined }), /diffusion\.mask_token_id is missing/],
  [diffusion({ block_size: undefined }), /diffusion\.block_size is missing/],
  [diffusion({ block_size: 0 }), /diffusion\.block_size must be a number above 0/],
  [diffusion({ clean_attention: 'prefix' }), /diffusion\.clean_attention must be causal or block or full/],
  [diffusion({ logit_shift: 2 }), /diffusion\.logit_shift must be 0 or 1, not 2/],
  [diffusion({ mask_token_id: 2 }), /diffusion uses token 2 both as the end and as the mask/],
  [diffusion({ fim: { ...FIM, order: 'middle' } }), /diffusion\.fim\.order must be suffix-prefix-middle or/],
  [
    diffusion({ fim: { ...FIM, order: 'prefix-suffix-middle' } }),
    /diffusion\.fim\.middle_token_id is missing/,
  ],
  [diffusion({ fim: { ...FIM, suffix_token_id: -1 } }), /diffusion\.fim\.suffix_token_id must be a token id/],
  [diffusion({ sampler_head: { ...HEAD, file: '../x' } }), /sampler_head\.file must be a plain file name/],
  [{ diffusion: 6 }, /diffusion must be an object/],
  [SDAR, /block_size is missing: add it with the block size at the end of the checkpoint's name/],
  [{ ...SDAR, block_size: 4, bos_token_id: undefined }, /mask_token_id is missing/],
  [{ ...SDAR, block_size: 4, mask_token_id: 2 }, /eos_token_id uses token 2 both as the end and as the mask/],
  [{ ...SDAR, block_size: 4, bos_token_id: 90 }, /mask_token_id is 116, outside the vocabulary of 100/],
  [{ model_type: 'Dream' }, /mask_token_id is missing/],
  [{ model_type: 'Fast_dLLM_Qwen' }, /bd_size is missing/],
  [
    { model_type: 'sdar_moe', ...EXPERTS, num_experts_per_tok: 9 },
    /num_experts_per_tok must be at most 8, not 9/,
  ],
  [
    { model_type: 'sdar_moe', ...EXPERTS, mlp_only_layers: [0] },
    /mlp_only_layers names layers, which is not/,
  ],
  [{ model_type: 'llada2_moe', ...EXPERTS, n_group: 3 }, /n_group is 3, which does not divide num_experts 8/],
  [{ ...LLADA, alibi: true }, /alibi is true, which is not supported/],
  [{ ...LLADA, block_type: 'sequential' }, /block_type must be llama, not "sequential"/],
  [{ ...LLADA, n_heads: 5 }, /d_model is 48, which n_heads 5 does not divide/],
] as const) {
  test(`refused: ${message.source}`, () => {
    assert.throws(
      () => spec(changes),
      (error: Error) =>
        error instanceof UserError &&
        message.test(error.message) &&
        /^m\/config\.json: \S/.test(error.message),
    );
  });
}
