/** Names of the stored tensors, as Hugging Face's Llama, Qwen2 and Qwen3 checkpoints have them. */
export const NAMES = {
  embedding: 'model.embed_tokens',
  norm: 'model.norm.weight',
  head: 'lm_head',
} as const;

/** The same for one layer. Matrices lack their `.weight`, because a scale or a bias may lie beside it. */
export function layerNames(layer: number) {
  const prefix = `model.layers.${layer}`;
  return {
    inputNorm: `${prefix}.input_layernorm.weight`,
    query: `${prefix}.self_attn.q_proj`,
    key: `${prefix}.self_attn.k_proj`,
    value: `${prefix}.self_attn.v_proj`,
    output: `${prefix}.self_attn.o_proj`,
    queryNorm: `${prefix}.self_attn.q_norm.weight`,
    keyNorm: `${prefix}.self_attn.k_norm.weight`,
    feedForwardNorm: `${prefix}.post_attention_layernorm.weight`,
    gate: `${prefix}.mlp.gate_proj`,
    up: `${prefix}.mlp.up_proj`,
    down: `${prefix}.mlp.down_proj`,
  };
}
