/** llama.cpp's tensor names outside the layers and those of Hugging Face. */
export const GLOBAL_NAMES: Record<string, string> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

/** The same inside a layer, after `blk.N.` and `model.layers.N.`. */
export const LAYER_NAMES: Record<string, string> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** The Hugging Face name of a llama.cpp tensor, or undefined for a name that has none. */
export function huggingFaceName(name: string): string | undefined {
  const [, layer, stem, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const names = layer === undefined ? GLOBAL_NAMES : LAYER_NAMES;
  if (stem === undefined || !Object.hasOwn(names, stem)) return undefined;
  return layer === undefined ? `${names[stem]}.${kind}` : `model.layers.${layer}.${names[stem]}.${kind}`;
}

/** Tensors that repeat what the config says: the frequencies of a stretched rotary embedding. */
export function isIgnoredGgufTensor(name: string): boolean {
  return name === 'rope_freqs.weight';
}

/**
 * llama.cpp's Llama rotates neighbouring pairs of a head where Hugging Face rotates its two halves, so its converter
 * reorders the rows of q and k; this puts them back. `rows` are the rows of all heads, [heads · headDim, columns].
 */
export function unpermuteHeads(rows: Float32Array, heads: number, headDim: number): Float32Array {
  const columns = rows.length / (heads * headDim);
  const restored = new Float32Array(rows.length);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < headDim; i++) {
      const from = head * headDim + i;
      const to = head * headDim + (i % 2) * (headDim / 2) + (i >> 1);
      restored.set(rows.subarray(from * columns, (from + 1) * columns), to * columns);
    }
  }
  return restored;
}
